"""H1–H31, H55 and H80 as people send them: every hostile file to a site that runs, and what it must not have changed.

After each line: the same web and worker processes and no other, no payload that ran, nothing in temporary folders,
no stored file, no row, no job, the same quota, no fault in the log, and the reference job gives the same bytes.
"""

import http.client
import io
import json
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest
import soundfile
from django.conf import settings
from django.test.client import BOUNDARY, MULTIPART_CONTENT, encode_multipart

from models_app.bundled import FOLDER
from models_app.tasks import converter
from rvc.assets import AssetStore
from rvc.options import ConversionOptions
from rvc.request import Request
from rvc.voicefile.ingest import convert_voice
from tests import base
from tests.hostile import make_archives, make_checkpoints, make_graphs, make_indexes, test_checkpoints
from tests.hostile import test_graphs as graphs
from tests.hostile import test_indexes as indexes
from tests.hostile.site import Site
from tests.rvc.voices import SHALLOW, make_voice, voice_bytes

VOICES = "/api/voices/"
SENT = (
    *(("checkpoint", make_checkpoints.make, name, {code}) for _, name, code in test_checkpoints.CASES),
    *(("checkpoint", make_graphs.make, name, {code}) for name, code in graphs.CASES),
    *(("index", make_indexes.make, name, {*codes}) for _, name, codes in indexes.CASES),
)


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """One for all lines: what one of them breaks the next would notice."""
    running = Site(tmp_path_factory.mktemp("site"))
    try:
        running.start()
        yield running
    finally:
        running.stop()


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


@pytest.fixture
def same_as_before(site, reference_job):
    """Right after each line everything stands as it did, and the reference job gives the same bytes."""
    before = site.standing()
    yield
    assert site.standing_like(before) == before
    run, expected = reference_job
    assert np.array_equal(run(), expected)


@pytest.mark.usefixtures("same_as_before")
@pytest.mark.parametrize("line", SENT, ids=[name for _, _, name, _ in SENT])
def test_every_line_has_its_answer(site, tmp_path, beside, line):
    field, make, name, codes = line
    path = make(name, tmp_path)
    files = {"checkpoint": base.upload(beside, "good.pth"), field: base.upload(path, name)}
    refused(site.ask(VOICES, files), field, codes)
    assert {found.name for found in tmp_path.iterdir()} <= {name, make_indexes.CANARY}, "a payload ran"


@pytest.mark.usefixtures("same_as_before")
@pytest.mark.parametrize("name", make_archives.MAKERS)
def test_every_archive_has_its_answer(site, name):
    sent = {"checkpoint": base.upload(make_archives.MAKERS[name](voice_bytes(**SHALLOW)), "a.zip")}
    refused(site.ask(VOICES, sent), "checkpoint", {"bad_container"})


def refused(answer, field: str, codes: set[str]) -> None:
    status, body = answer
    assert status == 422, body
    assert (body["error"]["code"] in codes, body["error"]["field"]) == (True, field), body


def test_the_same_processes_take_a_good_voice(site, voice_file):
    """After all of that; and the test sees what is left behind."""
    before = site.standing()
    status, body = site.ask(VOICES, {"checkpoint": base.upload(voice_file, "good.pth")})
    assert status == 201, body

    def state() -> str:
        return site.ask(f"{VOICES}{body['id']}/")[1]["state"]

    site.wait(lambda: state() != "unchecked")
    assert state() == "ready"
    now = site.standing()
    assert (now["processes"], now["faults"]) == (before["processes"], before["faults"])
    assert now != before


def test_h70_lengths_that_are_not_so(site):
    """None at all, one that ends in the middle, and one that nobody would wait for: nothing of it stays."""
    whole = encode_multipart(BOUNDARY, {"recording": base.upload(base.tone(2.0))})
    blocks = [whole[start : start + 4096] for start in range(0, len(whole), 4096)]
    before = site.standing()
    for headers, body, wanted in (
        ({"Transfer-Encoding": "chunked"}, blocks, (400, "bad_request")),
        ({"Content-Length": str(len(whole) // 2)}, whole[: len(whole) // 2], (400, "bad_request")),
        ({"Content-Length": str(1 << 40)}, None, (413, "too_large")),
    ):
        assert sent_as(site, headers, body) == wanted
    assert site.standing_like(before) == before


def sent_as(site, headers, body):
    """Status and code of the answer to a conversion whose head says of its length what it likes."""
    headers |= {"Content-Type": MULTIPART_CONTENT, "Authorization": f"Token {site.token}"}
    connection = http.client.HTTPConnection(site.address.removeprefix("http://"), timeout=60)
    with closing(connection):
        connection.request("POST", "/api/conversions/", body, headers, encode_chunked=isinstance(body, list))
        answer = connection.getresponse()
        return answer.status, json.load(answer)["error"]["code"]
