"""One supervisor, two queues: what waits for other servers holds nothing back. Real clusters and kills."""

import os
from unittest import mock

import pytest
from django.core.management import CommandError, call_command

from jobs.models import State, WorkerBeat
from jobs.queues import MESSAGES
from tests.faults.base import OUTPUT, FaultCase
from tests.jobs.chores.models import Chore


class QueueTests(FaultCase):
    def start(self):
        super().start(timeout=60, queues="cpu,import", workers=1)

    def test_an_import_holds_no_conversion_back(self):
        [slow, waits] = self.add(2, seconds=8, queue="import")
        self.wait(lambda: Chore.objects.filter(pk=slow.pk, state=State.RUNNING).exists(), 10, "the import runs")
        quick = self.add(5, seconds=0.05)
        self.wait(lambda: Chore.objects.filter(queue="cpu").final().count() == len(quick), 6, "the others are done")
        assert Chore.objects.get(pk=slow.pk).state == State.RUNNING
        assert Chore.objects.get(pk=waits.pk).state == State.QUEUED
        slow.cancel(), waits.cancel()

    def test_a_message_waits_for_no_import(self):
        self.end()
        self.addCleanup(self.end)
        with mock.patch.dict(os.environ, WEBHOOKS="true"):
            self.start()
        self.wait(lambda: len(self.ready()) == 4, 30, "workers of three queues")
        [slow] = self.add(seconds=8, queue="import")
        self.wait(lambda: Chore.objects.filter(pk=slow.pk, state=State.RUNNING).exists(), 10, "the import runs")
        messages = self.add(3, queue=MESSAGES)
        sent = Chore.objects.filter(queue=MESSAGES).final()
        self.wait(lambda: sent.count() == len(messages), 6, "the messages are sent")
        assert Chore.objects.get(pk=slow.pk).state == State.RUNNING
        slow.cancel()

    def test_what_happens_to_one_cluster_leaves_the_other_alone(self):
        before = OUTPUT.read_text().count("cpu: cluster")
        [job] = self.add(seconds=2, queue="import")
        self.wait_until_running()
        self.kill(*(pid for _, pid in self.lines("start")))
        self.wait_until_final(30)
        self.assert_each_done_once()
        assert Chore.objects.get(pk=job.pk).attempt == 2
        assert OUTPUT.read_text().count("cpu: cluster") == before

    def test_a_queue_that_nobody_serves_waits_and_says_so(self):
        [lost] = self.add(queue="gpu")
        self.add(3)
        self.wait(lambda: Chore.objects.final().count() == 3, 10, "the others are done")
        assert Chore.objects.get(pk=lost.pk).state == State.QUEUED
        assert not WorkerBeat.objects.serving("gpu").exists()
        assert WorkerBeat.objects.serving("import").exists()


@pytest.mark.parametrize("queues", ["cpu,gpux", ""])
def test_a_queue_that_is_not_there_is_named(queues):
    with pytest.raises(CommandError, match="There is no queue"):
        call_command("runworkers", queues=queues)
