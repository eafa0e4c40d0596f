"""A database that was migrated before its workers were restarted, or after they were started."""

from django.contrib.auth.models import User
from django.db import OperationalError, connection
from django.db.migrations.recorder import MigrationRecorder
from django.test import TestCase

from jobs.models import State
from jobs.schema import OLD_CODE, OLD_DATABASE, Schema
from jobs.supervisor import Supervisor
from jobs.tasks import perform, serve
from tests.jobs.chores.models import Chore


class SchemaTests(TestCase):
    @classmethod
    def setUpTestData(cls):
        cls.alice = User.objects.create_user("alice")

    def setUp(self):
        self.recorder = MigrationRecorder(connection)
        self.schema = Schema()

    def test_it_works_with_one_query(self):
        assert self.schema.misfit() == ""
        with self.assertNumQueries(1):
            self.schema.misfit()

    def test_a_newer_database(self):
        self.recorder.record_applied("jobs", "9999_later")
        assert self.schema.misfit() == OLD_CODE
        self.recorder.record_unapplied("jobs", "9999_later")
        assert self.schema.misfit() == ""

    def test_an_older_database(self):
        self.recorder.record_unapplied("chores", "0002_queues")
        assert self.schema.misfit() == OLD_DATABASE

    def test_what_others_applied_once_is_theirs(self):
        self.recorder.record_applied("auth", "0000_before_all")
        self.recorder.record_applied("an_app_that_was_removed", "0001_initial")
        assert self.schema.misfit() == ""

    def test_no_worker_takes_a_job_meanwhile(self):
        chore = Chore.objects.create(owner=self.alice)
        self.recorder.record_applied("jobs", "9999_later")
        serve("cpu")
        assert Chore.objects.get().state == State.QUEUED
        self.recorder.record_unapplied("jobs", "9999_later")
        serve("cpu")
        assert Chore.objects.get(pk=chore.pk).state == State.DONE

    def test_a_job_that_runs_meanwhile_is_no_crash(self):
        def migrated(job, progress):
            self.recorder.record_applied("jobs", "9999_later")
            raise OperationalError("no such column")

        chore = Chore.objects.create(owner=self.alice)
        perform(Chore, str(chore.pk), migrated)
        chore.refresh_from_db()
        assert (chore.state, chore.attempt, chore.error_code) == (State.QUEUED, 0, "")

    def test_the_supervisor_says_so_once_and_looks_after_nothing(self):
        supervisor = Supervisor({})
        self.recorder.record_applied("jobs", "9999_later")
        with self.assertLogs("jobs.supervisor", "WARNING") as logs:
            supervisor.tick()
            supervisor.tick()
            self.recorder.record_unapplied("jobs", "9999_later")
            assert supervisor.fits()
        assert [record.message for record in logs.records] == [OLD_CODE, "the database fits again"]
