"""What load balancers ask: alive, and ready; what strangers and staff are told."""

import json
import os
import subprocess
import sys
from datetime import timedelta

import pytest
from django.conf import settings as real
from django.core.cache import cache
from django.db.models.functions import Now

from jobs.models import WorkerBeat
from models_app.models import VoiceModel
from tests import base

pytestmark = pytest.mark.django_db
TOKEN = "a-token-for-programs-0123456789"
ASK = """
import django, json
django.setup()
from django.test import Client
client = Client(raise_request_exception=False)
for path in ("/healthz", "/readyz"):
    answer = client.get(path, headers={"Authorization": "Bearer %s"})
    print(json.dumps([answer.status_code, answer.json()]))
"""


@pytest.fixture(autouse=True)
def _fresh(own_folder):
    cache.clear()


@pytest.fixture
def worker():
    return WorkerBeat.objects.create(host="here", pid=1, workers=2)


@pytest.fixture
def ask(client, settings):
    """/readyz as a program with the token: status code, and the checks."""
    settings.METRICS_TOKEN = TOKEN

    def ask():
        answer = client.get("/readyz", headers={"Authorization": f"Bearer {TOKEN}"})
        return answer.status_code, answer.json()["checks"]

    return ask


class TestAlive:
    def test_it_works(self, client):
        answer = client.get("/healthz")
        assert (answer.status_code, answer.json()) == (200, {"status": "alive"})
        assert answer["Cache-Control"] == "no-store"
        assert "Content-Security-Policy" in answer

    def test_it_asks_nothing_of_the_database(self, client, staff, django_assert_num_queries):
        client.force_login(staff)
        with django_assert_num_queries(0):
            client.get("/healthz")

    def test_it_takes_any_name_and_no_https(self, client, settings):
        settings.SECURE_SSL_REDIRECT = True
        assert client.get("/healthz", headers={"Host": "10.0.0.7"}).status_code == 200


class TestReady:
    def test_it_works(self, ask, worker, voice, encoder):
        status, checks = ask()
        assert status == 200
        assert {name: check["status"] for name, check in checks.items()} == dict.fromkeys(
            ("database", "storage", "workers", "assets"), "ok"
        )

    def test_strangers_get_words_and_nothing_else(self, client, settings, alice, worker):
        settings.METRICS_TOKEN = TOKEN
        for headers in ({}, {"Authorization": "Bearer "}, {"Authorization": f"Bearer {TOKEN}x"}):
            body = client.get("/readyz", headers=headers).json()
            assert {frozenset(check) for check in body["checks"].values()} == {frozenset({"status"})}
        client.force_login(alice)
        assert "message" not in client.get("/readyz").content.decode()

    def test_an_empty_token_opens_nothing(self, client, settings, worker):
        settings.METRICS_TOKEN = ""
        assert "message" not in client.get("/readyz", headers={"Authorization": "Bearer "}).content.decode()

    def test_staff_read_the_sentences(self, client, staff, worker):
        client.force_login(staff)
        assert "message" in client.get("/readyz").json()["checks"]["workers"]

    def test_it_is_not_sent_on_to_https(self, client, settings, worker):
        settings.SECURE_SSL_REDIRECT = True
        assert client.get("/readyz").status_code == 200
        assert client.get("/login/").status_code == 301

    def test_without_a_worker(self, ask):
        status, checks = ask()
        assert status == 503
        assert checks["workers"]["message"] == "No worker is running: start `python3 run.py manage runworkers`."

    def test_a_worker_that_stopped_beating(self, ask, worker):
        WorkerBeat.objects.update(beat_at=Now() - timedelta(minutes=7))
        status, checks = ask()
        assert (status, checks["workers"]["status"]) == (503, "failed")
        assert "The last one was seen 7" in checks["workers"]["message"].replace("\xa0", " ")

    def test_a_storage_that_takes_nothing(self, ask, worker, own_folder):
        (own_folder / "files").write_text("a file where the folder should be")
        status, checks = ask()
        assert (status, checks["storage"]["status"]) == (503, "failed")
        assert checks["storage"]["message"].startswith("Nothing can be written to the storage: ")

    def test_the_storage_is_tried_now_and_then_and_left_clean(self, ask, worker, own_folder):
        ask()
        assert base.files_left() == set()
        (own_folder / "files" / "probes").rmdir()
        ask()
        assert not (own_folder / "files" / "probes").exists()

    def test_no_voice_has_its_encoder(self, ask, worker, voice, encoder):
        VoiceModel.objects.update(encoder="contentvec")
        status, checks = ask()
        assert (status, checks["assets"]["status"]) == (503, "failed")
        assert "contentvec" in checks["assets"]["message"]

    def test_some_voice_lacks_its_encoder(self, ask, worker, make_voice, alice, encoder):
        make_voice(alice)
        VoiceModel.objects.filter(pk=make_voice(alice).pk).update(encoder="contentvec")
        status, checks = ask()
        assert (status, checks["assets"]["status"]) == (200, "ok")
        assert "contentvec" in checks["assets"]["message"]

    def test_a_damaged_asset(self, ask, worker, settings, tmp_path):
        settings.ASSETS_DIR = tmp_path / "assets"
        broken = settings.ASSETS_DIR / "rmvpe" / "rmvpe.pt"
        broken.parent.mkdir(parents=True)
        broken.write_bytes(b"cut short")
        status, checks = ask()
        assert (status, checks["assets"]["status"]) == (503, "failed")
        assert "rmvpe" in checks["assets"]["message"]


def test_without_a_database_it_is_alive_and_not_ready(tmp_path):
    """A process of its own, with a database that is not there."""
    environment = {
        "PATH": os.environ["PATH"],
        "DJANGO_SETTINGS_MODULE": "tests.settings",
        "VAR_DIR": str(tmp_path),
        "ALLOWED_HOSTS": "testserver",
        "METRICS_TOKEN": TOKEN,
        "DATABASE_URL": "postgres://nobody@127.0.0.1:1/nothing",
    }
    asked = subprocess.run(
        [sys.executable, "-c", ASK % TOKEN],
        cwd=real.BASE_DIR,
        env=environment,
        capture_output=True,
        text=True,
        check=True,
    )
    alive, ready = (json.loads(line) for line in asked.stdout.splitlines())
    assert alive == [200, {"status": "alive"}]
    assert ready[0] == 503
    assert ready[1]["checks"]["database"] == {"status": "failed", "message": "The database does not answer."}
    assert "nobody" not in asked.stdout
