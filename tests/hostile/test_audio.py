"""Recordings that lie, reach elsewhere or are broken: the exact answers, and that nothing else happens."""

import json
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from rvc import sandbox
from rvc.codec import DecodeLimits, decode, probe
from rvc.codec.decoding import DIED
from rvc.errors import AudioError
from tests.hostile import make_audio
from tests.hostile.make_audio import SAMPLES, mutants, write_samples

AT_ONCE = {
    "bomb_flac_601s_8ch.flac": "audio_too_long",
    "bomb_opus_3h.ogg": "audio_too_long",
    "wav_1hz.wav": "audio_params",
    "wav_0hz.wav": "audio_damaged",
    "wav_4ghz.wav": "audio_damaged",
    "wav_0ch.wav": "audio_damaged",
    "wav_65535ch.wav": "audio_damaged",
    "zero.wav": "empty_file",
    "wav_empty.wav": "audio_too_short",
    "wav_10ms.wav": "audio_too_short",
    "wav_header_only.wav": "audio_damaged",
    "html.wav": "not_audio",
    "elf.mp3": "not_audio",
    "zip.wav": "not_audio",
    "svg.mp3": "not_audio",
    "concat.wav": "not_audio",
    "concat_url.wav": "not_audio",
    "concat_neighbour.wav": "not_audio",
    "hls.mp3": "not_audio",
    "hls_neighbour.m3u8": "not_audio",
    "dash.mp4": "not_audio",
    "sdp.wav": "not_audio",
    "id3_256m.mp3": "not_audio",
    "flac_metadata_16m.flac": "audio_damaged",
    "trunc_2.flac": "audio_damaged",
    "trunc_3.flac": "audio_damaged",
    "trunc_2.ogg": "audio_damaged",
    "trunc_3.ogg": "audio_damaged",
}
"""What the upload form refuses: the header or the first block tells."""

WHILE_DECODING = {
    "wav_nan.wav": "audio_damaged",
    "wav_inf.wav": "audio_damaged",
    "wav_1e38.wav": "audio_damaged",
    "bomb_flac_no_length.flac": "audio_too_long",
    "bomb_opus_3h.webm": "audio_too_long",
}
"""What the form accepts and the job rejects."""

ACCEPTED = {
    "wav_datalen_4g.wav": 1.0,
    "polyglot_wav_html.wav": 1.0,
    "wav_silence.wav": 1.0,
    "wav_stereo_96k.wav": 1.0,
}
"""Seconds of what is converted."""


def code_of(work: Callable[[], object]) -> str:
    with pytest.raises(AudioError) as caught:
        work()
    assert str(caught.value).endswith(".")
    return caught.value.code


def test_every_sample_has_its_answer():
    good = {name for name in SAMPLES if name.startswith("ok.")}
    assert set(SAMPLES) - good == set(AT_ONCE) | set(WHILE_DECODING) | set(ACCEPTED)


@pytest.mark.parametrize("name", AT_ONCE)
def test_the_form_and_the_job_refuse_alike(tmp_path, name):
    source = write_samples(tmp_path, name)
    assert code_of(lambda: probe(source)) == AT_ONCE[name]
    assert code_of(lambda: decode(source, tmp_path)) == AT_ONCE[name]
    assert [path.name for path in tmp_path.iterdir()] == [name]


@pytest.mark.parametrize("name", [name for name in WHILE_DECODING if not name.startswith("bomb_")])
def test_only_the_job_can_tell(tmp_path, name):
    source = write_samples(tmp_path, name)
    probe(source)
    assert code_of(lambda: decode(source, tmp_path)) == WHILE_DECODING[name]
    assert [path.name for path in tmp_path.iterdir()] == [name]


@pytest.mark.parametrize("name", ACCEPTED)
def test_odd_but_good_recordings_are_decoded(tmp_path, name):
    source = write_samples(tmp_path, name)
    assert probe(source).seconds == ACCEPTED[name]
    recording = decode(source, tmp_path)
    assert len(recording.samples) == ACCEPTED[name] * 16000
    if name == "wav_silence.wav":
        assert not recording.samples.any()


def test_a_hostile_file_changes_nothing_for_the_next_one(tmp_path):
    source = write_samples(tmp_path, "ok.wav", *AT_ONCE)
    before = decode(source, tmp_path).samples.tobytes()
    for name in ("wav_header_only.wav", "flac_metadata_16m.flac", "bomb_opus_3h.ogg"):
        code_of(lambda name=name: decode(tmp_path / name, tmp_path))
    assert decode(source, tmp_path).samples.tobytes() == before


# Small files, long recordings


def _cost_of(source: Path, limits: DecodeLimits) -> dict[str, Any]:
    """Processor seconds and MiB of everything that decoding starts, measured from a process of its own."""
    script = """
import json, resource, sys, tempfile
from pathlib import Path
from rvc.codec import DecodeLimits, decode
from rvc.errors import AudioError
code, samples = "accepted", 0
with tempfile.TemporaryDirectory() as folder:
    try:
        samples = len(decode(Path(sys.argv[1]), Path(folder), DecodeLimits(max_seconds=float(sys.argv[2]))).samples)
    except AudioError as error:
        code = error.code
used = resource.getrusage(resource.RUSAGE_CHILDREN)
seconds, mib = used.ru_utime + used.ru_stime, used.ru_maxrss / 1024
print(json.dumps({"code": code, "samples": samples, "cpu": seconds, "mib": mib}))
"""
    command = [sys.executable, "-c", script, str(source), str(limits.max_seconds)]
    cost: dict[str, Any] = json.loads(subprocess.check_output(command, cwd=sandbox.ROOT, timeout=60))
    return cost


@pytest.mark.skipif(sys.platform != "linux", reason="memory is reported in other units elsewhere")
@pytest.mark.parametrize("name", [name for name in SAMPLES if name.startswith("bomb_")])
def test_a_bomb_costs_little(tmp_path, name):
    source = write_samples(tmp_path, name)
    assert source.stat().st_size < 2 << 20
    cost = _cost_of(source, DecodeLimits())
    assert cost["code"] == "audio_too_long"
    assert cost["cpu"] < (12 if "no_length" in name else 5)  # 600 s of 8 channels at 192 kHz must be read to know
    assert cost["mib"] < 100


@pytest.mark.skipif(sys.platform != "linux", reason="memory is reported in other units elsewhere")
def test_three_hours_are_decoded_in_little_memory_where_they_are_allowed(tmp_path):
    cost = _cost_of(write_samples(tmp_path, "bomb_opus_3h.ogg"), DecodeLimits(max_seconds=3 * 3600))
    assert (cost["code"], cost["samples"]) == ("accepted", 3 * 3600 * 16000)
    assert cost["mib"] < 100


# Demuxers that reach elsewhere


@contextmanager
def canary() -> Iterator[socket.socket]:
    """A listening port that no decoder may ever connect to."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(0.05)
        yield listener


LEADING_ELSEWHERE = [
    "concat.wav",
    "concat_url.wav",
    "concat_neighbour.wav",
    "hls.mp3",
    "hls_neighbour.m3u8",
    "dash.mp4",
    "sdp.wav",
]


def _decode_as(container: str, source: Path, folder: Path) -> None:
    if not container:
        decode(source, folder)
    arguments = {"source": str(source), "target": str(folder / "out"), "limits": {}, "container": container}
    sandbox.run("rvc.codec.ffmpeg:read", arguments, limits=sandbox.Limits(), died=DIED)


@pytest.mark.parametrize("name", LEADING_ELSEWHERE)
@pytest.mark.parametrize("container", ["", "mov", "matroska", "aac"])
def test_no_file_leads_to_another_or_to_the_network(tmp_path, monkeypatch, name, container):
    """Also when the first bytes are not looked at and the file goes straight to FFmpeg."""
    with canary() as listener:
        monkeypatch.setattr(make_audio, "CANARY", listener.getsockname()[1])
        source = write_samples(tmp_path, name, "ok.wav", "ok.mp3")
        with pytest.raises(AudioError) as caught:
            _decode_as(container, source, tmp_path)
        assert caught.value.code == ("audio_damaged" if container else "not_audio")
        assert str(caught.value) != DIED[1]
        assert sorted(path.name for path in tmp_path.iterdir()) == sorted({name, "ok.wav", "ok.mp3"})
        with pytest.raises(TimeoutError):
            listener.accept()


@pytest.mark.parametrize("name", ["hls.mp3", "concat_neighbour.wav", "elf.mp3", "svg.mp3"])
def test_libsndfile_is_not_swayed_by_names(tmp_path, name):
    source = write_samples(tmp_path, name, "ok.wav")
    arguments = {"source": str(source), "target": str(tmp_path / "out"), "limits": {}}
    with pytest.raises(AudioError):
        sandbox.run("rvc.codec.sndfile:read", arguments, limits=sandbox.Limits(), died=DIED)


# Mutants


FUZZED = ["ok.wav", "ok.aiff", "ok.flac", "ok.ogg", "ok.mp3", "ok.m4a", "ok.webm", "ok.aac"]
ANSWERS = {"not_audio", "audio_damaged", "audio_params", "audio_too_short", "audio_too_long", "empty_file"}


@pytest.mark.parametrize("name", FUZZED)
def test_mutants_are_decoded_or_refused(tmp_path, name):
    def answer(item: tuple[int, bytes]) -> str:
        number, body = item
        folder = tmp_path / str(number)
        folder.mkdir()
        (folder / "in").write_bytes(body)
        try:
            recording = decode(folder / "in", folder)
        except AudioError as error:
            assert [path.name for path in folder.iterdir()] == ["in"]
            return "died" if str(error) == DIED[1] else error.code
        assert np.isfinite(recording.samples).all()
        assert 0.05 <= recording.seconds <= 600
        return "decoded"

    with ThreadPoolExecutor(2) as pool:
        answers = list(pool.map(answer, enumerate(mutants(SAMPLES[name](), 19, seed=FUZZED.index(name)))))
    assert set(answers) <= {"decoded", *ANSWERS}
