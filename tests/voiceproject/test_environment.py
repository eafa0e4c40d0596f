"""A setting that makes no sense stops the start with a sentence that names it."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from voiceproject.environment import Environment

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("MAX_RECORDING_MB", "-1", "MAX_RECORDING_MB must be a whole number"),
        ("MAX_RECORDING_MB", "abc", "MAX_RECORDING_MB must be a whole number"),
        ("WORKERS", "1.5", "WORKERS must be a whole number"),
        ("HTTPS", "maybe", "HTTPS must be true or false"),
        ("RVC_DEVICE", "banana", "RVC_DEVICE must be auto"),
        ("LOG_FORMAT", "xml", "LOG_FORMAT must be line or json"),
        ("LOG_LEVEL", "LOUD", "LOG_LEVEL must be DEBUG, INFO, WARNING, ERROR or CRITICAL"),
        ("TIME_ZONE", "Mars/Base", "TIME_ZONE must be a time zone"),
        ("ADMIN_PATH", "/admin", "ADMIN_PATH must be like admin/"),
        ("DATABASE_URL", "mysql://me:hidden@db/x", "DATABASE_URL must be like postgres://"),
    ],
)
def test_nonsense_is_refused(name: str, value: str, words: str, tmp_path: Path) -> None:
    environment = {
        **os.environ,
        "DJANGO_SETTINGS_MODULE": "voiceproject.settings",
        "VAR_DIR": str(tmp_path),
        name: value,
    }
    environment |= {"ENV_FILE": str(tmp_path / "none"), "SECRET_KEY": "x" * 60}
    command = [sys.executable, "-m", "django", "check"]
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert words in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(("text", "value"), [("On", True), ("1", True), ("FALSE", False), ("", False)])
def test_switches_have_several_words(text: str, value: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SWITCH", text)
    assert Environment().bool("SWITCH", not value) is value


def test_what_is_not_set_has_its_default(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NUMBER", raising=False)
    assert Environment().int("NUMBER", 7) == 7
    assert Environment().bool("NUMBER", True) is True
    assert Environment().device("NUMBER") == "auto"


@pytest.mark.parametrize("address", ["postgres//db", "db.example.org", "postgres://me:hidden@db:port/x"])
def test_the_address_of_a_database_is_not_repeated(address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE", address)
    with pytest.raises(SystemExit, match=r"^DATABASE must be like postgres://USER") as refused:
        Environment().database("DATABASE", "sqlite:///none")
    assert "hidden" not in str(refused.value)


def test_no_address_of_a_database_is_the_usual_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE", "")
    assert Environment().database("DATABASE", "sqlite:////tmp/none")["NAME"] == "/tmp/none"


@pytest.mark.parametrize("name", ["", "/etc/passwd", "../UTC", "Europe"])
def test_what_is_no_time_zone_is_refused(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ZONE", name)
    with pytest.raises(SystemExit, match="ZONE must be a time zone"):
        Environment().zone("ZONE", "UTC")
