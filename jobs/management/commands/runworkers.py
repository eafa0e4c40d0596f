import socket
from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from jobs.models import WorkerBeat
from jobs.queues import MESSAGE_WORKERS, MESSAGES, Queue
from jobs.supervisor import Supervisor


class Command(BaseCommand):
    help = "Works on jobs until it is stopped, and keeps its worker processes alive."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--workers", type=int, default=settings.WORKERS, help="jobs that compute at the same time")
        queues = ",".join(settings.WORKER_QUEUES)
        parser.add_argument("--queues", default=queues, help=f"whose jobs are done here, of {', '.join(Queue.values)}")

        parser.add_argument("--check", action="store_true", help="only say whether this machine works, by status")

    def handle(self, *_args: Any, **options: Any) -> None:
        if options["check"]:
            self.check_alive()
            return
        if options["workers"] < 1:
            raise CommandError("At least one worker is needed.")
        queues = [queue.strip() for queue in options["queues"].split(",")]
        if unknown := set(queues) - set(Queue.values):
            raise CommandError(f"There is no queue {', '.join(sorted(unknown))!r}, only {', '.join(Queue.values)}.")
        served = {queue: _workers(queue, options["workers"]) for queue in queues}
        if settings.WEBHOOKS and Queue.IMPORT in served:
            served[MESSAGES] = MESSAGE_WORKERS
        Supervisor(served).run()

    def check_alive(self) -> None:
        """What a container asks from time to time."""
        served = WorkerBeat.objects.alive().filter(host=socket.gethostname()).values_list("queue", flat=True)
        if not served:
            raise CommandError("No worker of this machine was seen lately.")
        self.stdout.write(f"Workers of this machine serve {', '.join(sorted(set(served)))}.")


def _workers(queue: str, wanted: int) -> int:
    """How many at a time: those of the import queue wait for the network, so that their number is another."""
    return max(1, settings.IMPORT_WORKERS) if queue == Queue.IMPORT else wanted
