"""Which changes of jobs are news, and for whom: called with every one, in the transaction that makes it."""

import json
from collections.abc import Iterable, Mapping

from django.conf import settings
from django.db import transaction
from django.urls import reverse

from jobs.models import FINAL, Job
from webhooks.models import Delivery, Webhook

ADDRESSES = {"conversion": "api:conversion-detail", "voiceimport": "api:import-detail"}
"""The kinds of jobs that people ask for, and where the API shows them."""


def tell(jobs: Iterable[Job], state: str) -> None:
    """Queue a message to every address of a job's owner if this is the end of the job."""
    for job in jobs:
        _tell(job, state)


def _tell(job: Job, state: str) -> None:
    kind = job._meta.model_name
    alone = getattr(job, "batch_id", None) is None  # else the whole batch is told of, once
    news = state in FINAL and kind in ADDRESSES and job.owner_id is not None and alone
    if not news or not settings.WEBHOOKS or not Webhook.objects.told_by(job.owner_id).exists():
        return
    ended = type(job)._default_manager.get(pk=job.pk)  # its times are known to the database alone
    announce(job.owner_id, f"{kind}.{ended.state}", _data(ended))


def announce(owner_id: int, event: str, data: Mapping[str, object]) -> None:
    """Queue a message to every address of a person. `data` has `finished_at`, among others."""
    if not settings.WEBHOOKS:
        return
    body = json.dumps({"type": event, "timestamp": data["finished_at"], "data": data})
    for webhook in Webhook.objects.told_by(owner_id):
        delivery = Delivery.objects.create(owner_id=owner_id, webhook=webhook, event=event, body=body)
        transaction.on_commit(delivery.hint, robust=True)


def _data(job: Job) -> dict[str, object]:
    """Nothing of what the job was about: whoever may know asks the API."""
    kind = str(job._meta.model_name)
    return {
        "id": str(job.pk),
        "kind": kind,
        "state": job.state,
        "error_code": job.error_code or None,
        "created_at": job.created_at.isoformat(),
        "finished_at": job.finished_at.isoformat() if job.finished_at else None,
        "path": reverse(ADDRESSES[kind], args=[job.pk]),
    }
