"""What supervisor, cluster and workers say, for programs that read it."""

import json
import os
from unittest import mock

from jobs.models import WorkerBeat
from tests.faults.base import OUTPUT, FaultCase

MEGABYTES = 10_000_000


class LogTests(FaultCase):
    def start(self, *arguments, **options):
        with mock.patch.dict(os.environ, LOG_FORMAT="json"):
            super().start(*arguments, **options)

    def test_every_line_is_json_and_names_its_job(self):
        [good], [bad] = self.add(), self.add(kind="bug")
        self.wait_until_final(20)
        self.end()
        lines = [json.loads(line) for line in OUTPUT.read_text().splitlines()]
        assert {"jobs.supervisor", "jobs.tasks", "django-q"} <= {line["logger"] for line in lines}
        about = {job.pk: [line for line in lines if line.get("job_id") == str(job.pk)] for job in (good, bad)}
        # Another worker may have asked for it as well, and said that it does not wait any more.
        assert {f"{good}: attempt 1", f"{good}: done"} <= {line["message"] for line in about[good.pk]}
        [crash] = [line for line in about[bad.pk] if "exception" in line]
        assert crash["job_kind"] == "chore"
        assert crash["level"] == "ERROR"
        assert "ZeroDivisionError" in crash["exception"]
        others = [line for line in lines if line["logger"] == "jobs.supervisor"]
        assert not any("job_id" in line for line in others)

    def test_the_supervisor_says_what_its_workers_take(self):
        self.wait(lambda: WorkerBeat.objects.filter(memory_bytes__gt=2 * MEGABYTES).exists(), 10, "memory in the row")
        assert WorkerBeat.objects.get().disk_free_bytes > MEGABYTES
