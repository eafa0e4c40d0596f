"""Which changes of jobs are news, and for whom: called with every one, in the transaction that makes it."""

import json

from django.conf import settings
from django.db import transaction
from django.urls import reverse

from jobs.models import FINAL, Job
from webhooks.models import Delivery, Webhook

ADDRESSES = {"conversion": "api:conversion-detail", "voiceimport": "api:import-detail"}
"""The kinds of jobs that people ask for, and where the API shows them."""


def tell(job: Job, state: str) -> None:
    """Queue a message to every address of the job's owner if this is the end of the job."""
    news = state in FINAL and job._meta.model_name in ADDRESSES and job.owner_id is not None
    if not news or not settings.WEBHOOKS:
        return
    webhooks = list(Webhook.objects.told_of(job))
    if not webhooks:
        return
    ended = type(job)._default_manager.get(pk=job.pk)  # its times are known to the database alone
    event = f"{job._meta.model_name}.{ended.state}"
    body = json.dumps(_message(ended, event))
    for webhook in webhooks:
        delivery = Delivery.objects.create(owner_id=job.owner_id, webhook=webhook, event=event, body=body)
        transaction.on_commit(delivery.hint, robust=True)


def _message(job: Job, event: str) -> dict[str, object]:
    """Nothing of what the job was about: whoever may know asks the API."""
    kind = str(job._meta.model_name)
    data = {
        "id": str(job.pk),
        "kind": kind,
        "state": job.state,
        "error_code": job.error_code or None,
        "created_at": job.created_at.isoformat(),
        "finished_at": job.finished_at.isoformat() if job.finished_at else None,
        "path": reverse(ADDRESSES[kind], args=[job.pk]),
    }
    return {"type": event, "timestamp": data["finished_at"], "data": data}
