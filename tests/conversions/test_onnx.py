"""ONNX voices from upload to result: through the API, the real pipeline and a worker's task, and out again."""

import io
import json
from pathlib import Path

import numpy as np
import onnxruntime
import pytest
import soundfile
from django.core.management import call_command
from django.urls import reverse

from conversions import tasks
from conversions.models import Conversion
from jobs.models import State
from models_app.exports import kinds
from models_app.models import VoiceCheck, VoiceModel, VoiceState
from models_app.tasks import check_voice
from rvc.chunks import Cutting
from rvc.network.onnxvoice import OnnxVoice
from rvc.options import ConversionOptions
from rvc.voicefile.onnx.export import onnx_file
from rvc.voicefile.onnx.model import joined, parts
from rvc.voicefile.onnx.reader import read_model
from rvc.voicefile.voice import open_stored_voice, read_voice
from tests import base
from tests.hostile.make_archives import zipped
from tests.hostile.make_graphs import make as make_hostile
from tests.rvc.graphs import halved, webui

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("encoder")]
VOICES = "/api/voices/"
CLOSE = 2e-3
"""Of full scale: the results are 16 bit files, and an ONNX voice is cut into shorter pieces."""


@pytest.fixture(scope="module")
def graph_bytes(voice_file) -> bytes:
    """The small voice as an ONNX file."""
    return b"".join(onnx_file(read_voice(voice_file)).pieces())


@pytest.fixture
def alices(api, alice):
    return api(alice)


@pytest.fixture
def upload(alices):
    """Alice brings a file under a name that says nothing; the voice it became."""

    def upload(content: bytes, **more):
        answer = alices.post(VOICES, {"checkpoint": base.upload(content, "voice.bin"), "name": "Graph", **more})
        assert answer.status_code == 201, answer.content
        return VoiceModel.objects.get(pk=answer.json()["id"])

    return upload


def content(answer) -> bytes:
    return b"".join(answer.streaming_content)


def converted(alice, voice, **options) -> np.ndarray:
    source = base.upload(base.tone(), "tone.wav")
    conversion = Conversion.objects.submit(alice, voice, source, ConversionOptions(seed=7, **options))
    tasks.convert(str(conversion.pk))
    conversion.refresh_from_db()
    assert (conversion.state, conversion.error_message) == (State.DONE, "")
    samples, rate = soundfile.read(io.BytesIO(conversion.result.read()), dtype="float32")
    assert (len(samples), rate) == (40000, 40000)
    return samples


def test_it_works(alice, upload, graph_bytes, voice):
    """The same noise, so the same sound as that of the weights it was written from."""
    graph = upload(graph_bytes)
    assert (graph.version, graph.f0, graph.sample_rate, graph.encoder) == ("v2", True, 40000, "whisper-base")
    assert graph.speakers == voice.speakers
    expected = converted(alice, voice, index_rate=0)
    assert expected.std() > 0.01
    assert np.abs(converted(alice, graph, index_rate=0) - expected).max() < CLOSE


def test_its_self_test_lets_it_speak(upload, graph_bytes):
    graph = upload(graph_bytes)
    check = VoiceCheck.objects.filter(voice=graph).last() or VoiceCheck.objects.submit(graph)
    check_voice(str(check.pk))
    graph.refresh_from_db()
    assert (graph.state, graph.state_message) == (VoiceState.READY, "")
    assert graph.preview


def test_long_recordings_are_cut_shorter(alice, upload, graph_bytes, monkeypatch):
    """A graph decodes a piece at once, so the piece is what bounds the memory."""
    assert Cutting.within(30, OnnxVoice.max_seconds).longest == 12
    monkeypatch.setattr(OnnxVoice, "max_seconds", 6.0)
    graph = upload(graph_bytes)
    source = base.upload(base.tone(5), "tone.wav")
    conversion = Conversion.objects.submit(alice, graph, source, ConversionOptions(index_rate=0))
    tasks.convert(str(conversion.pk))
    conversion.refresh_from_db()
    assert (conversion.state, conversion.facts["pieces"]) == (State.DONE, 2)
    samples, rate = soundfile.read(io.BytesIO(conversion.result.read()), dtype="float32")
    assert (len(samples), rate) == (200_000, 40_000)
    assert np.isfinite(samples).all()


def test_the_index_works_with_it(alice, upload, graph_bytes, index_file, voice):
    graph = upload(graph_bytes, index=base.upload(index_file, "a.index"))
    assert graph.has_index
    expected = converted(alice, voice, index_rate=0.9)
    assert np.abs(converted(alice, graph, index_rate=0.9) - expected).max() < CLOSE


@pytest.mark.parametrize(("layout", "close"), [(webui, CLOSE), (halved, 5e-2)])
def test_other_layouts_convert(upload, graph_bytes, voice, layout, close):
    alice = voice.owner
    graph = upload(joined(parts(layout(read_model(graph_bytes)))))
    expected = converted(alice, voice, index_rate=0)
    if layout is webui:  # it says nothing about its encoder, and nobody gives features of this width but one
        assert (graph.facts["embedder"], graph.encoder) == (None, "whisper-base")
    assert np.abs(converted(alice, graph, index_rate=0) - expected).max() < close


def test_it_is_found_in_a_zip_with_its_index(alice, upload, graph_bytes, index_file):
    packed = zipped(("May/model", graph_bytes), ("May/added.index", index_file.read_bytes()), ("readme", b"hello"))
    graph = upload(packed)
    assert graph.has_index
    assert graph.facts["graph"]["layout"] == "w-okada"
    assert [(file["kind"], file["taken"]) for file in graph.report["files"]] == [
        ("voice", True), ("index", True), ("other", False),
    ]  # fmt: skip


def test_any_voice_is_taken_away_as_a_graph(alices, voice, upload, tmp_path):
    answer = alices.get(f"{VOICES}{voice.pk}/export/onnx/")
    assert (answer.status_code, answer["Content-Disposition"]) == (200, 'attachment; filename="Tiny.onnx"')
    data = content(answer)
    assert int(answer["Content-Length"]) == len(data)
    session = onnxruntime.InferenceSession(data)
    assert [value.name for value in session.get_inputs()] == ["feats", "p_len", "pitch", "pitchf", "sid"]
    assert json.loads(session.get_modelmeta().custom_metadata_map["metadata"])["samplingRate"] == 40000
    assert upload(data).sample_rate == 40000


def test_a_graph_is_taken_away_as_a_graph_only(alices, client, alice, upload, graph_bytes):
    graph = upload(graph_bytes)
    assert kinds(graph) == ["onnx"]
    for kind in ("pth", "safetensors"):
        answer = alices.get(f"{VOICES}{graph.pk}/export/{kind}/")
        assert (answer.status_code, answer.json()["error"]["code"]) == (422, "unsupported_graph")
    client.force_login(alice)
    shown = client.get(graph.get_absolute_url()).content.decode()
    assert reverse("voices:export-onnx", args=[graph.pk]) in shown
    assert reverse("voices:export-pth", args=[graph.pk]) not in shown
    said = client.get(reverse("voices:export-pth", args=[graph.pk]), follow=True).content.decode()
    assert "can be taken as .onnx only" in said


def test_out_and_in_again_is_bit_identical(alices, bob, api, upload, graph_bytes):
    graph = upload(graph_bytes)
    data = content(alices.get(f"{VOICES}{graph.pk}/export/onnx/"))
    assert api(bob).post(VOICES, {"checkpoint": base.upload(data, "a.onnx")}).status_code == 201
    again = VoiceModel.objects.get(owner=bob)
    assert again.file.read() == graph.file.read()
    assert again.facts == graph.facts


def test_nothing_of_the_upload_is_kept_but_our_own_graph(upload, graph_bytes):
    """A stranger's bytes that mean nothing to us do not reach the disk."""
    stranger = graph_bytes + b"\xfa\x07\x0eSTRANGERSBYTES"  # a field of a number that ONNX does not have
    graph = upload(stranger)
    kept = graph.file.read()
    assert b"STRANGERSBYTES" not in kept
    assert b"RandomNormal" not in bytes(open_stored_voice(Path(graph.file.path)).tensors["graph"])


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("external_data.onnx", "forbidden_content"),
        ("loop.onnx", "forbidden_content"),
        ("unknown_op.onnx", "unsupported_graph"),
        ("nan_weight.onnx", "non_finite"),
        ("truncated_half.onnx", "truncated"),
        ("bomb_fill.onnx", "too_complex"),
    ],
)
def test_hostile_graphs_leave_nothing(alices, tmp_path, name, code):
    before = base.files_left()
    answer = alices.post(VOICES, {"checkpoint": base.upload(make_hostile(name, tmp_path), "a.onnx")})
    error = answer.json()["error"]
    assert (answer.status_code, error["code"], error["field"]) == (422, code, "checkpoint")
    assert not VoiceModel.objects.exists()
    assert base.files_left() == before


def test_the_command_takes_and_gives_them(upload, graph_bytes, tmp_path, capsys):
    graph = upload(graph_bytes)
    call_command("voices", "export", str(graph.pk), "--out", str(tmp_path / "out"))
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["Graph.onnx"]
    call_command("voices", "add", str(tmp_path / "out" / "Graph.onnx"), "--name", "Again")
    assert VoiceModel.objects.get(name="Again").file.read() == graph.file.read()
