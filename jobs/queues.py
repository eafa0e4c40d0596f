"""The queues that jobs wait in. A job asks for one; a machine serves some, each with worker processes of its own."""

from django.conf import settings
from django.db import models
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _


class Queue(models.TextChoices):
    CPU = "cpu", _("Work")
    GPU = "gpu", _("Work on a graphics processor")
    IMPORT = "import", _("Waiting for other servers")


MESSAGES = "webhook"
"""Messages that leave the server. Nobody chooses this queue: where imports are worked on it has workers of its own, so
that no message waits behind a file that takes minutes to fetch."""
MESSAGE_WORKERS = 2
"""So that one receiver who does not answer holds up half of them."""

EVERY_QUEUE = (*Queue.values, MESSAGES)


def queue_label(queue: str) -> str:
    """What people call it; the name itself where nobody knows it any more."""
    if queue == MESSAGES:
        return gettext("Messages to other servers")
    return str(Queue(queue).label) if queue in Queue.values else queue


def main_queue() -> str:
    """Where jobs wait that compute."""
    return str(settings.CONVERSION_QUEUE)


def hint_list(queue: str) -> str:
    """The name of django-q2's cluster, and of its list of hints, for one of our queues."""
    return f"{settings.Q_CLUSTER['name']}-{queue}"
