"""A configuration that would lose jobs, or open the site, is named before anything starts."""

import os
import subprocess
import sys

import pytest
from django.conf import settings as real
from django.core.checks import run_checks
from django.db import connection

from rvc.errors import RVCError
from voiceproject import checks

GOOD_KEY = "0123456789abcdefghijklmnopqrstuvwxyz-0123456789-abcdefghijklmnop"


def ids(found):
    return [message.id for message in found]


def manage(*arguments, **environment):
    """`manage.py` with the product's own settings, as a person starts it."""
    return subprocess.run(
        [sys.executable, real.BASE_DIR / "manage.py", *arguments],
        env={"PATH": os.environ["PATH"], "ENV_FILE": os.devnull, "VAR_DIR": str(real.VAR_DIR)} | environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


def test_it_works():
    assert [message for message in run_checks() if message.id.startswith("voiceproject.")] == []


@pytest.mark.parametrize("https", ["true", "false"])
def test_a_deployment_has_no_warnings(https):
    result = manage("check", "--deploy", "--fail-level=WARNING", SECRET_KEY=GOOD_KEY, HTTPS=https)
    assert result.returncode == 0, result.stderr


@pytest.mark.parametrize(("token", "warned"), [("", False), ("short", True), ("a" * 20, False)])
def test_a_token_that_can_be_guessed(settings, token, warned):
    settings.METRICS_TOKEN = token
    assert ("voiceproject.W003" in ids(run_checks())) is warned


def test_a_bucket_wants_a_database_that_does_not_make_people_wait(settings):
    settings.STORAGE_BUCKET = "bucket"
    assert ("voiceproject.W004" in ids(run_checks())) is (connection.vendor == "sqlite")


def test_what_the_sandbox_lacks_is_named(monkeypatch):
    monkeypatch.setattr(checks.sandbox, "missing_protections", lambda: ["no seccomp here", "no Landlock here"])
    (found,) = [message for message in run_checks(include_deployment_checks=True) if message.id == "voiceproject.W002"]
    assert found.hint == "Missing: no seccomp here; no Landlock here."
    assert "voiceproject.W002" not in ids(run_checks())


def test_a_sandbox_that_does_not_start_is_an_error(monkeypatch):
    def fail():
        raise RVCError("sandbox", "A child process cannot be started on this machine.")

    monkeypatch.setattr(checks.sandbox, "missing_protections", fail)
    assert "voiceproject.E004" in ids(run_checks(include_deployment_checks=True))


def test_without_tls_on_a_public_name_the_warnings_speak():
    result = manage("check", "--deploy", SECRET_KEY=GOOD_KEY, ALLOWED_HOSTS="voices.example.org")
    assert "security.W012" in result.stderr


def test_a_missing_secret_key_is_one_sentence():
    result = manage("migrate", "--check")
    assert result.returncode == 1
    assert "SECRET_KEY is not set: run `python3 run.py`" in result.stderr
    assert "Traceback" not in result.stderr


def test_a_folder_that_cannot_be_made_is_one_sentence():
    result = manage("check", VAR_DIR="/proc/nothing", SECRET_KEY=GOOD_KEY)
    assert result.returncode == 1
    assert result.stderr.startswith("VAR_DIR /proc/nothing cannot be used")
    assert "Traceback" not in result.stderr


def test_a_weak_key_is_a_warning(settings):
    settings.SECRET_KEY = "x" * 80
    assert ids(checks.check_secret_key()) == ["voiceproject.W001"]


def test_debug_is_for_loopback_only(settings):
    settings.DEBUG = True
    assert ids(checks.check_exposure()) == []
    settings.ONLY_LOOPBACK = False
    assert ids(checks.check_exposure()) == ["voiceproject.E002"]


def test_a_folder_that_cannot_be_written_is_named(settings, monkeypatch):
    monkeypatch.setattr(os, "access", lambda path, mode: False)  # root may write everywhere
    assert set(ids(checks.check_folders())) == {"voiceproject.E003"}


@pytest.mark.parametrize(
    "change",
    [
        {"orm": None},
        {"workers": 0},
        {"retry": 1},
        {"max_attempts": 3},
        {"ack_failures": False},
        {"scheduler": True},
    ],
)
def test_a_queue_that_would_lose_jobs_is_named(settings, change):
    settings.Q_CLUSTER = settings.Q_CLUSTER | change
    assert ids(checks.check_queue()) == ["voiceproject.E010"]


@pytest.mark.parametrize("name", ["JOB_LEASE_SECONDS", "JOB_STALL_SECONDS", "JOB_MAX_ATTEMPTS", "JOB_TIMEOUT_SECONDS"])
def test_limits_that_do_not_fit_together_are_named(settings, name):
    setattr(settings, name, 0)
    assert ids(checks.check_jobs()) == ["voiceproject.E011"]


def test_hosts_that_are_none_are_named(settings):
    settings.IMPORT_HOSTS = ["files.example.org", "*.example.org", "*", "hub_1.example"]
    assert checks.check_import_hosts() == []
    settings.IMPORT_HOSTS = ["https://files.example.org", "files.example.org:443", "*example.org", "", "nas", "*.*"]
    assert ids(checks.check_import_hosts()) == ["voiceproject.E012"] * 6
