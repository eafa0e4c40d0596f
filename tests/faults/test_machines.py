"""Two machines that work and one that serves, with folders of their own, on one PostgreSQL and one bucket."""

import hashlib
import os
import subprocess
import sys
import time
from contextlib import closing

import psutil
import psycopg
import pytest
import requests
from django.conf import settings

from models_app.bundled import FOLDER
from rvc.assets import AssetStore
from tests import base, buckets, postgres
from tests.faults.base import alive

pytestmark = pytest.mark.worker

JOBS = 8
KEY = "only-for-tests-0123456789-abcdefghijklmnopqrstuvwxyz-0123456789"
PREPARE = """
import sys
from pathlib import Path
from django.contrib.auth.models import User
from django.core.management import call_command
from accounts.models import AccessToken
from models_app.models import VoiceModel
call_command("migrate", verbosity=0)
call_command("createcachetable")
user = User.objects.create_superuser("admin", password="a long enough secret")
voice = VoiceModel.objects.add(checkpoint=Path(sys.argv[1]), index=Path(sys.argv[2]), owner=user, name="Tiny")
voice.checks.all().delete()
print(voice.pk, AccessToken.objects.issue(user).key)
"""


class Site:
    """What the machines share, and the machines."""

    def __init__(self, folder, bucket_server, voice_file, index_file):
        self.folder = folder
        self.server, self.bucket = bucket_server, buckets.create(bucket_server)
        self.line = buckets.Line(bucket_server)  # all machines reach the bucket this way
        self.database = postgres.start()
        AssetStore(folder / "assets").import_from(FOLDER / "encoder.zip")
        self.processes, self.workers = [], []
        told = self.run("web", "-c", PREPARE, voice_file, index_file)
        self.voice, token = told.split()
        self.headers = {"Authorization": f"Token {token}"}
        self.port = buckets.free_port()
        self.url = f"http://127.0.0.1:{self.port}/api/conversions/"

    def environment(self, machine):
        own = {"ENV_FILE": os.devnull, "SECRET_KEY": KEY, "DJANGO_SETTINGS_MODULE": "voiceproject.settings"}
        own |= {"VAR_DIR": str(self.folder / machine), "ASSETS_DIR": str(self.folder / "assets")}
        own |= {"DATABASE_URL": self.database, "JOB_LEASE_SECONDS": "5", "RVC_THREADS": "1"}
        return os.environ | own | buckets.environment(self.line.address, self.bucket)

    def run(self, machine, *words):
        setup = ("import django; django.setup()\n" + words[1], *words[2:])
        command = [sys.executable, words[0], *setup]
        return subprocess.run(
            command, cwd=settings.BASE_DIR, env=self.environment(machine), capture_output=True, text=True, check=True
        ).stdout

    def start(self, machine, *command):
        log = (self.folder / f"{machine}.log").open("wb")
        process = subprocess.Popen(
            [sys.executable, *command],
            cwd=settings.BASE_DIR, env=self.environment(machine), stdout=log, stderr=log, start_new_session=True,
        )  # fmt: skip
        self.processes.append(process)
        return process

    def serve(self):
        self.start("web", "-m", "gunicorn", "voiceproject.wsgi", "--bind", f"127.0.0.1:{self.port}", "--threads", "4")

    def work(self, machine):
        self.workers.append(self.start(machine, "manage.py", "runworkers", "--queues=cpu", "--workers=1"))
        return self.workers[-1]

    def ask(self, sql):
        with closing(psycopg.connect(self.database, autocommit=True)) as line:
            return line.execute(sql).fetchall()

    def send(self, sound, name):
        body = {"data": {"voice": self.voice}, "files": {"recording": (name, sound)}}
        return requests.post(self.url, headers=self.headers, timeout=30, **body)

    def submit(self, sound, name):
        answer = self.send(sound, name)
        assert answer.status_code == 202, answer.text
        return answer.json()["id"]

    def get(self, path):
        return requests.get(f"{self.url}{path}", headers=self.headers, timeout=30)

    def at_work(self):
        """The supervisors whose workers do a job at this moment and have done one before."""
        working, did = ({worker.partition(":")[0] for (worker,) in self.ask(sql)} for sql in (RUNNING, DONE_BY))
        return working & did

    def begun_by(self, process):
        """The jobs that the workers of this supervisor hold, dead or alive."""
        [(supervisor,)] = self.ask(f"SELECT id FROM jobs_workerbeat WHERE pid = {process.pid}")
        return {pk for pk, worker in self.ask(BEGUN) if worker.startswith(str(supervisor))}

    def wait(self, condition, seconds, what):
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            if condition():
                return
            time.sleep(0.2)
        logs = "\n".join(path.read_text()[-2000:] for path in sorted(self.folder.glob("*.log")))
        pytest.fail(f"not within {seconds} s: {what}\n{self.ask(STATES)}\n{logs}")

    def end(self):
        for process in self.processes:
            kill(process)


RUNNING = "SELECT worker FROM conversions_conversion WHERE state = 'running'"
BEGUN = "SELECT id, worker FROM conversions_conversion WHERE state = 'running'"
DONE_BY = "SELECT worker FROM jobs_jobevent WHERE after = 'done'"
STATES = "SELECT state, error_code, attempt, count(*) FROM conversions_conversion GROUP BY 1, 2, 3"
ROWS = "SELECT id, state, attempt, source, result FROM conversions_conversion"
PUT_OFF = "SELECT job FROM jobs_jobevent WHERE reason = 'storage_unreachable' AND after = 'queued'"
ENDS = "SELECT job, count(*) FROM jobs_jobevent WHERE after = 'done' GROUP BY job"


def kill(process):
    """As when the power fails: the supervisor, its clusters, their workers, at the same moment."""
    if process.poll() is None:
        whole = [process.pid, *(child.pid for child in psutil.Process(process.pid).children(recursive=True))]
        for pid in whole:
            if alive({pid}):
                os.kill(pid, 9)
        process.wait()


@pytest.fixture(scope="module")
def site(tmp_path_factory, object_server, voice_file, index_file):
    site = Site(tmp_path_factory.mktemp("site"), object_server, voice_file, index_file)
    try:
        site.serve()
        site.wait(lambda: reachable(site), 60, "the site answers")
        yield site
    finally:
        site.end()


def test_a_machine_that_dies_takes_nothing_along(site):
    first, _second = site.work("first"), site.work("second")
    sounds = [base.tone(3.0, level=0.1 + 0.05 * number) for number in range(JOBS)]
    ids = [site.submit(sound, f"{number}.wav") for number, sound in enumerate(sounds)]
    site.wait(lambda: len(site.at_work()) == 2, 90, "both machines work")
    kill(first)
    begun = site.begun_by(first)
    site.wait(lambda: {row[0] for row in site.ask(STATES)} == {"done"}, 90, "all is done")
    rows = site.ask(ROWS)
    assert {str(row[0]) for row in rows} == set(ids)
    assert {row[0]: row[2] for row in rows} == {row[0]: 2 if row[0] in begun else 1 for row in rows}
    assert sorted(site.ask(ENDS)) == sorted((row[0], 1) for row in rows)
    kept = {name for name in buckets.names(site.server, site.bucket) if name.startswith(("sources/", "results/"))}
    assert kept == {name for row in rows for name in row[3:]}
    heard = {hashlib.sha256(sound(site, pk)).hexdigest() for pk in ids}
    assert len(heard) == JOBS
    for machine in ("first", "second"):
        assert len(list((site.folder / machine / "cache" / "files" / "voices").iterdir())) == 2
        assert not (site.folder / machine / "files").exists()
    assert not (site.folder / "web" / "files").exists()


def test_a_bucket_that_is_away_for_a_while_costs_nothing(site):
    if not alive(worker.pid for worker in site.workers):
        site.work("third")
    before = len(site.ask(ROWS))
    begun = [site.submit(base.tone(3.0, level=0.6 + 0.05 * number), f"{number}.wav") for number in range(3)]
    site.wait(lambda: site.ask(RUNNING), 60, "a job is begun")
    site.line.cut()
    asked = time.monotonic()
    answer = site.send(base.tone(1.0), "late.wav")
    assert (answer.status_code, answer.json()["error"]["code"]) == (503, "storage_unreachable")
    assert time.monotonic() - asked < 20
    site.wait(lambda: site.ask(PUT_OFF), 60, "a job is put off")
    site.line.mend()
    site.wait(lambda: {row[0] for row in site.ask(STATES)} == {"done"}, 90, "all is done")
    assert len(site.ask(ROWS)) == before + len(begun)
    assert {row[2] for row in site.ask(ROWS) if str(row[0]) in begun} == {1}, "waiting for a bucket costs no attempt"
    for pk in begun:
        sound(site, pk)


def reachable(site):
    try:
        return site.get("").ok
    except requests.ConnectionError:
        return False


def sound(site, pk):
    """A result as the machine that serves sends it, in two parts."""
    whole = site.get(f"{pk}/result/")
    assert (whole.status_code, whole.content[:4]) == (200, b"RIFF")
    rest = requests.get(
        f"{site.url}{pk}/result/", headers=site.headers | {"Range": "bytes=1000-"}, timeout=30
    )  # fmt: skip
    assert (rest.status_code, rest.content) == (206, whole.content[1000:])
    return whole.content
