"""The queues that jobs wait in. A job asks for one; a machine serves some, each with worker processes of its own."""

from django.conf import settings
from django.db import models


class Queue(models.TextChoices):
    CPU = "cpu", "Work"
    GPU = "gpu", "Work on a graphics processor"
    IMPORT = "import", "Waiting for other servers"


def main_queue() -> str:
    """Where jobs wait that compute."""
    return str(settings.CONVERSION_QUEUE)


def hint_list(queue: str) -> str:
    """The name of django-q2's cluster, and of its list of hints, for one of our queues."""
    return f"{settings.Q_CLUSTER['name']}-{queue}"
