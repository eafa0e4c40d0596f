import json
import zipfile
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from rvc.assets import ASSETS, AssetStore
from rvc.errors import AssetError

pytestmark = pytest.mark.django_db

BUNDLE = Path(__file__).parent.parent.parent / ASSETS["whisper-base"].bundled


@pytest.fixture(autouse=True)
def folder(settings, tmp_path):
    settings.ASSETS_DIR = tmp_path / "assets"
    return settings.ASSETS_DIR


class Terminal(StringIO):
    def isatty(self):
        return True


def _run(*words, out=None):
    out, err = out or StringIO(), StringIO()
    try:
        call_command("assets", *words, stdout=out, stderr=err)
        code = 0
    except SystemExit as stop:
        code = stop.code
    return code, out.getvalue(), err.getvalue()


def test_it_imports_verifies_and_lists():
    assert _run("import", str(BUNDLE)) == (0, "whisper-base: verified\n", "")
    assert _run("verify")[:2] == (0, "whisper-base: verified\n")
    line = next(line for line in _run("list")[1].splitlines() if line.startswith("whisper-base "))
    assert line.split()[1:4] == ["verified", "21.5", "MB"]


def test_the_list_is_readable_by_programs():
    rows = json.loads(_run("list", "--json")[1])
    assert {row["name"] for row in rows} == set(ASSETS)
    assert {row["state"] for row in rows} == {"missing"}


def test_a_terminal_sees_the_progress():
    _, text, _ = _run("import", str(BUNDLE), out=Terminal())
    assert "\rencoder.zip: 100% of 21.5 MB\n" in text


def test_an_incomplete_import_says_so(tmp_path):
    with zipfile.ZipFile(BUNDLE) as archive:
        (tmp_path / "x.json").write_bytes(archive.read("whisper-base-encoder.json"))
    assert "still missing" in _run("import", str(tmp_path / "x.json"))[1]


def test_a_failure_is_one_sentence_and_exit_code_1(tmp_path):
    code, _, err = _run("import", str(tmp_path / "nothing"))
    assert code == 1
    assert err.strip() == f"There is no file or folder {tmp_path / 'nothing'}."
    assert _run("fetch", "whisper-base")[0] == 1
    assert _run("verify", "rmvpe")[0] == 1


def test_one_failure_does_not_stop_the_others(monkeypatch, tmp_path):
    def fetch(_store, name, _progress):
        if name == "fcpe":
            raise AssetError("download_failed", "No.")
        return tmp_path / name

    monkeypatch.setattr(AssetStore, "fetch", fetch)
    code, out, err = _run("fetch", "fcpe", "rmvpe")
    assert (code, out, err.strip()) == (1, f"rmvpe: {tmp_path / 'rmvpe'}\n", "No.")


def test_all_means_everything_the_hub_has(monkeypatch, tmp_path):
    asked = []
    monkeypatch.setattr(AssetStore, "fetch", lambda _store, name, _progress: asked.append(name) or tmp_path)
    assert _run("fetch", "--all")[0] == 0
    assert set(asked) == set(ASSETS) - {"whisper-base"}


def test_fetch_wants_names():
    with pytest.raises(CommandError, match="--all"):
        call_command("assets", "fetch")


def test_a_mirror_can_be_set(settings, monkeypatch):
    settings.ASSETS_BASE_URL = "https://127.0.0.1:9/mirror"
    monkeypatch.setattr("rvc.assets.download.PAUSE", 0)
    code, _, err = _run("fetch", "crepe-tiny")
    assert code == 1
    assert "https://127.0.0.1:9/mirror/licyk/rvc-model/resolve/main/crepe/tiny.pth" in err
