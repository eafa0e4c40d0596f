"""What a container asks: whether the workers of this machine live."""

import socket
from datetime import timedelta

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from jobs.models import WorkerBeat

pytestmark = pytest.mark.django_db


def test_it_works(capsys):
    for queue in ("import", "cpu"):
        WorkerBeat.objects.create(host=socket.gethostname(), pid=1, workers=1, queue=queue)
    call_command("runworkers", check=True)
    assert capsys.readouterr().out == "Workers of this machine serve cpu, import.\n"


def test_workers_of_other_machines_and_of_yesterday_do_not_count():
    WorkerBeat.objects.create(host="another", pid=1, workers=1)
    late = timezone.now() - timedelta(minutes=5)
    WorkerBeat.objects.create(host=socket.gethostname(), pid=1, workers=1, beat_at=late)
    with pytest.raises(CommandError, match="No worker of this machine"):
        call_command("runworkers", check=True)
