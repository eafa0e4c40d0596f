"""Where a message leaves the server."""

import time
from collections.abc import Callable
from typing import Any

from django.conf import settings

from jobs.tasks import perform
from rvc.errors import RVCError
from voiceproject.fetching import Fetcher, Patience
from webhooks.models import OFF, Delivery, hosts
from webhooks.signing import signed

PATIENCE = Patience(connect=10.0, silent=10.0, total=20.0, redirects=0)
GONE = 410


def deliver(pk: str) -> bool:
    return perform(Delivery, pk, work)


def fetcher() -> Fetcher:
    return Fetcher(hosts(), PATIENCE)


def work(delivery: Delivery, progress: Callable[[str, float], None]) -> dict[str, Any]:
    """Send it; what was answered. Raises RVCError for everything but a yes."""
    if not settings.WEBHOOKS:
        raise RVCError("webhooks_off", str(OFF))
    if not delivery.webhook.active:
        raise RVCError("turned_off", "This address was turned off.")
    body = delivery.body.encode()
    headers = signed(delivery.webhook.secret, str(delivery.message), int(time.time()), body)
    visit = fetcher().visit(lambda: progress("send", 0.0))
    with visit.post(delivery.webhook.url, body, headers) as reply:
        status = reply.status
    Delivery.objects.filter(pk=delivery.pk).update(status=status)
    if status == GONE:
        raise RVCError("gone", "The other side answered 410: it wants to hear no more.")
    if not 200 <= status < 300:
        raise RVCError("refused", f"The other side answered {status}.")
    return {"status": status}
