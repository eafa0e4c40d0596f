"""H1–H31, H55 and H80 as people send them: every hostile file through the API, and what it must not have changed."""

import io
from pathlib import Path

import numpy as np
import pytest
import soundfile
from django.conf import settings

from models_app.bundled import FOLDER
from models_app.models import VoiceCheck, VoiceModel
from models_app.tasks import converter
from rvc.assets import AssetStore
from rvc.options import ConversionOptions
from rvc.request import Request
from rvc.voicefile.ingest import convert_voice
from tests import base
from tests.hostile import make_archives, make_checkpoints, make_graphs, make_indexes, test_checkpoints
from tests.hostile import test_graphs as graphs
from tests.hostile import test_indexes as indexes
from tests.rvc.voices import SHALLOW, make_voice, voice_bytes

pytestmark = pytest.mark.django_db
VOICES = "/api/voices/"
SENT = (
    *(("checkpoint", make_checkpoints.make, name, {code}) for _, name, code in test_checkpoints.CASES),
    *(("checkpoint", make_graphs.make, name, {code}) for name, code in graphs.CASES),
    *(("index", make_indexes.make, name, {*codes}) for _, name, codes in indexes.CASES),
)


@pytest.fixture(scope="module")
def beside(tmp_path_factory) -> Path:
    """A good voice of the width that the hostile indexes have."""
    return make_voice(tmp_path_factory.mktemp("beside") / "good.pth")


@pytest.fixture(scope="module")
def reference_job(tmp_path_factory, voice_file):
    """A conversion that anybody might ask for, and what it gives."""
    folder = tmp_path_factory.mktemp("reference")
    AssetStore(settings.ASSETS_DIR).import_from(FOLDER / "encoder.zip")
    convert_voice(str(voice_file), str(folder / "voice.safetensors"))
    wave, _ = soundfile.read(io.BytesIO(base.tone(0.5)), dtype="float32")
    request = Request(wave, folder / "voice.safetensors", folder, ConversionOptions(seed=7, index_rate=0))

    def run() -> np.ndarray:
        return np.array(converter().convert(request).samples)

    return run, run()


@pytest.fixture(autouse=True)
def same_as_before(reference_job):
    """Right after each line the reference job gives the same bytes."""
    yield
    run, expected = reference_job
    assert np.array_equal(run(), expected)


@pytest.mark.parametrize("line", SENT, ids=[name for _, _, name, _ in SENT])
@pytest.mark.usefixtures("own_folder")
def test_every_line_has_its_answer(api, alice, tmp_path, beside, line):
    field, make, name, codes = line
    path = make(name, tmp_path)
    files = {"checkpoint": base.upload(beside, "good.pth"), field: base.upload(path, name)}
    refused(api(alice).post(VOICES, files), field, codes)
    assert {found.name for found in tmp_path.iterdir()} <= {name, "var", make_indexes.CANARY}, "a payload ran"


@pytest.mark.parametrize("name", make_archives.MAKERS)
def test_every_archive_has_its_answer(api, alice, own_folder, name):
    sent = {"checkpoint": base.upload(make_archives.MAKERS[name](voice_bytes(**SHALLOW)), "a.zip")}
    refused(api(alice).post(VOICES, sent), "checkpoint", {"bad_container"})


def refused(answer, field: str, codes: set[str]) -> None:
    """The exact answer, and nothing of it in rows, storage, quarantine or uploads."""
    assert answer.status_code == 422, answer.content
    error = answer.json()["error"]
    assert (error["code"] in codes, error["field"]) == (True, field), error
    assert not VoiceModel.objects.exists()
    assert not VoiceCheck.objects.exists()
    assert base.files_left() == set()
