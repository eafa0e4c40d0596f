"""System checks of what only jobs know."""

from collections.abc import Sequence
from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error

from jobs.queues import Queue


def check_queues(**_: Any) -> Sequence[CheckMessage]:
    asked = {"CONVERSION_QUEUE": [settings.CONVERSION_QUEUE], "WORKER_QUEUES": settings.WORKER_QUEUES}
    return [
        Error(f"{name}: there is no queue {queue!r}.", hint="cpu, gpu and import are there.", id="jobs.E001")
        for name, queues in asked.items()
        for queue in queues
        if queue not in Queue.values
    ]
