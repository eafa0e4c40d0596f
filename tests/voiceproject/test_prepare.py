"""`manage.py prepare`: safe at every start, and a password that is shown once."""

import os
import re
import subprocess
import sys
from io import StringIO
from pathlib import Path

import pytest
from django.conf import settings
from django.contrib.auth import authenticate, get_user_model
from django.core.management import call_command

from launch import site
from voiceproject.management.commands import prepare
from voiceproject.models import OneTimePassword


@pytest.fixture
def collected(monkeypatch: pytest.MonkeyPatch, settings, tmp_path: Path) -> list[str]:
    """The commands that were called, without doing their work; static files are collected into nowhere."""
    called: list[str] = []
    settings.STATIC_ROOT = tmp_path / "static"

    def call(name: str, *words: str, **_: object) -> None:
        called.append(" ".join((name, *words)))
        if name == "collectstatic":
            settings.STATIC_ROOT.mkdir(exist_ok=True)

    monkeypatch.setattr(prepare, "call_command", call)
    return called


def run(*words: str) -> str:
    out = StringIO()
    call_command("prepare", *words, stdout=out)
    return out.getvalue()


@pytest.mark.django_db
class TestFirstAdmin:
    @pytest.fixture(autouse=True)
    def _alone(self, collected: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
        for name in ("USERNAME", "PASSWORD", "EMAIL"):
            monkeypatch.delenv(f"DJANGO_SUPERUSER_{name}", raising=False)

    def test_it_is_made_with_a_password_that_works(self) -> None:
        printed = run()
        password = re.search(r"shown only now: (\S+)", printed)
        assert password is not None
        user = authenticate(username="admin", password=password[1])
        assert user is not None
        assert user.is_superuser

    def test_the_password_that_was_made_up_is_to_be_changed(self, monkeypatch: pytest.MonkeyPatch) -> None:
        run()
        assert OneTimePassword.objects.is_used_by(get_user_model().objects.get())

    def test_so_is_one_that_another_program_made_up(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("DJANGO_SUPERUSER_PASSWORD", "long enough for her")
        monkeypatch.setenv(site.ONE_TIME, "1")
        run()
        assert OneTimePassword.objects.is_used_by(get_user_model().objects.get())

    def test_it_is_made_once(self) -> None:
        run()
        assert "administrator" not in run()
        assert get_user_model().objects.count() == 1

    def test_a_site_with_an_administrator_is_left_alone(self) -> None:
        get_user_model().objects.create_superuser("mira", "", "long enough for her")
        assert "administrator" not in run()

    def test_a_given_password_is_used_and_not_shown(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("DJANGO_SUPERUSER_USERNAME", "mira")
        monkeypatch.setenv("DJANGO_SUPERUSER_PASSWORD", "long enough for her")
        assert "long enough" not in run()
        assert authenticate(username="mira", password="long enough for her") is not None
        assert not OneTimePassword.objects.exists()


@pytest.mark.django_db
class TestSteps:
    def test_everything_is_done_the_first_time(self, collected: list[str]) -> None:
        run()
        starter, outdated = "voices install-starter", "voices check --outdated"
        assert collected == ["migrate", "createcachetable", "collectstatic", starter, outdated]

    def test_static_files_are_collected_when_one_changed(
        self, collected: list[str], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        run()
        run()
        assert collected.count("collectstatic") == 1
        monkeypatch.setattr(prepare, "static_fingerprint", lambda: "another")
        run()
        assert collected.count("collectstatic") == 2

    def test_the_starter_can_be_left_out(self, collected: list[str]) -> None:
        run("--no-starter")
        assert "voices install-starter" not in collected

    def test_a_changed_file_changes_the_fingerprint(self, collected: list[str], settings, tmp_path: Path) -> None:
        settings.STATICFILES_DIRS = [tmp_path / "own"]
        (tmp_path / "own").mkdir()
        (tmp_path / "own" / "a.css").write_text("a")
        first = prepare.static_fingerprint()
        (tmp_path / "own" / "a.css").write_text("ab")
        assert prepare.static_fingerprint() != first


def test_nobody_else_may_read_the_database(settings, tmp_path: Path) -> None:
    file = tmp_path / "db.sqlite3"
    file.touch(mode=0o644)
    settings.DATABASES = {"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": str(file)}}
    prepare.keep_private()
    assert file.stat().st_mode & 0o777 == 0o600


def test_a_database_that_does_not_answer_is_told_in_a_sentence(tmp_path: Path) -> None:
    nowhere = {"DATABASE_URL": "postgres://me:hidden@127.0.0.1:1/x", "VAR_DIR": str(tmp_path), "SECRET_KEY": "x" * 50}
    command = [sys.executable, "manage.py", "prepare"]
    done = subprocess.run(
        command, cwd=settings.BASE_DIR, env=os.environ | nowhere, capture_output=True, text=True, check=False
    )
    assert done.returncode == 1
    assert "The database cannot be used: " in done.stderr
    assert "Traceback" not in done.stderr
    assert "hidden" not in done.stderr
