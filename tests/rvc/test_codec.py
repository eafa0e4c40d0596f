import subprocess
import sys
import threading
from pathlib import Path

import av
import numpy as np
import pytest
import soundfile
import soxr

from rvc import sandbox
from rvc.codec import MEDIA_TYPES, DecodeLimits, decode, encode, format_of, probe
from rvc.codec.writing import ENCODERS, TAGS, to_pcm
from rvc.errors import AudioError, OptionError, RVCError
from rvc.options import FORMAT_LABELS

HZ = 220.0


def sweep(seconds: float, rate: int) -> np.ndarray:
    """Speech-like in level, never periodic, so that a shift by one sample shows in a correlation."""
    t = np.arange(round(seconds * rate)) / rate
    return (0.3 * np.sin(2 * np.pi * (HZ * t + 300 * t**2)) * (1 + 0.5 * np.sin(6 * np.pi * t))).astype(np.float32)


def write(path: Path, rate: int, *, channels: int = 1, seconds: float = 1.0, **kind: str) -> Path:
    """The same sound in every channel but the last, which is twice as loud."""
    wave = sweep(seconds, rate)[:, np.newaxis] * np.array([1.0] * (channels - 1) + [2.0 if channels > 1 else 1.0])
    soundfile.write(path, wave, rate, **kind)
    return path


def mux(path: Path, container: str, codec: str, rate: int, *, seconds: float = 1.0, **options: str) -> Path:
    with av.open(str(path), "w", format=container, options=options) as out:
        stream = out.add_stream(codec, rate=rate, layout="mono")
        frame = av.AudioFrame.from_ndarray(sweep(seconds, rate)[np.newaxis], format="fltp", layout="mono")
        frame.sample_rate, frame.pts = rate, 0
        out.mux(stream.encode(frame))
        out.mux(stream.encode(None))
    return path


def similarity(one: np.ndarray, other: np.ndarray) -> float:
    n = min(len(one), len(other))
    return float(np.corrcoef(one[:n], other[:n])[0, 1])


def code_of(path: Path, folder: Path, *limits: DecodeLimits) -> str:
    with pytest.raises(AudioError) as caught:
        decode(path, folder, *limits)
    assert not (folder / "decoded.f32").exists()
    return caught.value.code


# Decoding


def test_it_works(tmp_path):
    source = write(tmp_path / "in.wav", 16000, subtype="PCM_16")
    recording = decode(source, tmp_path)
    assert isinstance(recording.samples, np.memmap)
    assert recording.samples.dtype == np.float32
    assert not recording.samples.flags.writeable
    assert (recording.source_rate, recording.channels, recording.seconds) == (16000, 1, 1.0)
    assert recording.codec == "wav pcm_16"
    np.testing.assert_array_equal(recording.samples, soundfile.read(source, dtype="float32")[0])


@pytest.mark.parametrize("rate", [8000, 11025, 22050, 32000, 44100, 48000, 96000, 192000])
def test_every_rate_becomes_16_khz(tmp_path, rate):
    recording = decode(write(tmp_path / "in.wav", rate, seconds=2.3, subtype="FLOAT"), tmp_path)
    assert len(recording.samples) == pytest.approx(2.3 * 16000, abs=1)
    assert similarity(recording.samples, sweep(2.3, 16000)) > 0.9999


@pytest.mark.parametrize("rate", [16000, 44100])
@pytest.mark.parametrize(
    "kind", [{}, {"format": "FLAC"}, {"format": "MP3"}, {"format": "OGG", "subtype": "VORBIS"}, {"format": "AIFF"}]
)
def test_blocks_leave_no_seam(tmp_path, kind, rate):
    source = write(tmp_path / "in", rate, seconds=5, **({"format": "WAV"} | kind))
    whole = soundfile.read(source, dtype="float32")[0]
    expected = whole if rate == 16000 else soxr.resample(whole, rate, 16000, "HQ")
    samples = decode(source, tmp_path).samples
    assert len(samples) == len(expected)
    np.testing.assert_allclose(samples, expected, atol=1e-6)


@pytest.mark.parametrize("channels", [1, 2, 8])
@pytest.mark.parametrize("subtype", ["PCM_U8", "PCM_16", "PCM_24", "PCM_32", "FLOAT", "DOUBLE"])
def test_channels_are_averaged(tmp_path, channels, subtype):
    recording = decode(write(tmp_path / "in.wav", 16000, channels=channels, subtype=subtype), tmp_path)
    loudness = 1.0 if channels == 1 else (channels + 1) / channels
    tolerance = 2**-6 if subtype == "PCM_U8" else 2**-14
    np.testing.assert_allclose(recording.samples, sweep(1, 16000) * loudness, atol=tolerance)
    assert recording.channels == channels


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("a.flac", {}),
        ("a.aiff", {"subtype": "PCM_24"}),
        ("a.ogg", {"format": "OGG", "subtype": "VORBIS"}),
        ("a.opus", {"format": "OGG", "subtype": "OPUS"}),
        ("a.mp3", {}),
        ("a.rf64", {"format": "RF64"}),
        ("a.w64", {"format": "W64"}),
        ("a.caf", {"format": "CAF", "subtype": "ALAC_16"}),
        ("a.au", {"format": "AU"}),
    ],
)
def test_what_libsndfile_reads(tmp_path, name, kind):
    recording = decode(write(tmp_path / name, 48000, **kind), tmp_path)
    assert recording.seconds == pytest.approx(1.0, abs=0.002)
    assert similarity(recording.samples, sweep(1, 16000)) > 0.98


@pytest.mark.parametrize(
    ("container", "codec", "rate"),
    [
        ("ipod", "aac", 44100),
        ("mp4", "alac", 48000),
        ("adts", "aac", 32000),
        ("webm", "libopus", 48000),
        ("matroska", "flac", 44100),
        ("matroska", "pcm_s16le", 44100),
        ("mov", "pcm_s24le", 48000),
        ("mp4", "libopus", 48000),
    ],
)
def test_what_ffmpeg_reads(tmp_path, container, codec, rate):
    recording = decode(mux(tmp_path / "in", container, codec, rate), tmp_path)
    assert recording.source_rate == rate
    assert recording.seconds == pytest.approx(1.0, abs=0.06)
    lead = 2048 * 16000 // rate if container == "adts" else 0  # raw AAC cannot say where its sound begins
    shifts = [similarity(recording.samples[shift:], sweep(1, 16000)) for shift in range(lead + 1)]
    assert max(shifts) > 0.98


@pytest.mark.parametrize(("container", "codec"), [("ipod", "aac"), ("mp4", "alac"), ("webm", "libopus")])
def test_what_fills_up_the_last_frame_is_no_recording(tmp_path, container, codec):
    recording = decode(mux(tmp_path / "in", container, codec, 48000, seconds=1.2345), tmp_path)
    assert len(recording.samples) == round(1.2345 * 16000)


def test_a_browsers_recording_is_measured_by_decoding(tmp_path):
    source = mux(tmp_path / "in.webm", "webm", "libopus", 48000, live="1")
    assert probe(source).seconds is None
    assert decode(source, tmp_path).seconds == pytest.approx(1.0, abs=0.03)
    assert code_of(source, tmp_path, DecodeLimits(max_seconds=0.5)) == "audio_too_long"


def test_the_name_does_not_matter(tmp_path):
    source = mux(tmp_path / "in.wav", "ipod", "aac", 44100)
    assert decode(source, tmp_path).codec == "mov aac"


def test_probe_reads_the_header(tmp_path):
    facts = probe(write(tmp_path / "in.flac", 48000, channels=2, seconds=2))
    assert (facts.source_rate, facts.channels, facts.seconds, facts.codec) == (48000, 2, 2.0, "flac pcm_16")


@pytest.mark.parametrize(
    ("limits", "code"),
    [
        (DecodeLimits(max_seconds=0.9), "audio_too_long"),
        (DecodeLimits(min_seconds=1.1), "audio_too_short"),
        (DecodeLimits(max_rate=15999), "audio_params"),
        (DecodeLimits(min_rate=16001), "audio_params"),
        (DecodeLimits(max_channels=1), "audio_params"),
        (DecodeLimits(max_bytes=1000), "too_large"),
    ],
)
def test_limits_are_kept_in_probe_and_decode(tmp_path, limits, code):
    source = write(tmp_path / "in.wav", 16000, channels=2)
    assert code_of(source, tmp_path, limits) == code
    with pytest.raises(AudioError) as caught:
        probe(source, limits)
    assert caught.value.code == code


def test_a_wav_of_unknown_length_decodes_to_what_is_there(tmp_path):
    source = write(tmp_path / "in.wav", 16000, subtype="PCM_16")
    body = bytearray(source.read_bytes())
    at = body.index(b"data") + 4
    for length in (0xFFFFFFFF, 0x7FFFFFFF):
        body[at : at + 4] = length.to_bytes(4, "little")
        source.write_bytes(body)
        assert decode(source, tmp_path).seconds == 1.0


def test_a_wav_that_was_never_finished_decodes_to_what_is_there(tmp_path):
    """A recorder that was cut off leaves both lengths at 0; an empty recording has nothing, or only tags, behind it."""
    source = write(tmp_path / "in.wav", 16000, subtype="PCM_16")
    expected = soundfile.read(source, dtype="float32")[0]
    body = bytearray(source.read_bytes())
    at = body.index(b"data") + 4
    body[4:8] = body[at : at + 4] = bytes(4)
    source.write_bytes(body)
    assert probe(source).seconds == 1.0
    np.testing.assert_array_equal(decode(source, tmp_path).samples, expected)
    for behind in (b"", b"LIST" + (4000).to_bytes(4, "little") + b"INFO" + bytes(3996)):
        source.write_bytes(body[: at + 4] + behind)
        assert code_of(source, tmp_path) == "audio_too_short"


def test_tags_behind_a_flac_are_no_sound(tmp_path):
    source = write(tmp_path / "in.flac", 16000)
    expected = soundfile.read(source, dtype="float32")[0]
    source.write_bytes(source.read_bytes() + b"TAG" + bytes(125))
    np.testing.assert_array_equal(decode(source, tmp_path).samples, expected)


def test_a_cut_off_webm_gives_its_sound_or_is_damaged(tmp_path):
    source = mux(tmp_path / "in.webm", "webm", "libopus", 48000, seconds=3, live="1")
    source.write_bytes(source.read_bytes()[:-500])
    assert 2.5 < decode(source, tmp_path).seconds < 3.0


def test_a_stream_cut_out_of_a_longer_one_is_decoded(tmp_path):
    source = mux(tmp_path / "in.aac", "adts", "aac", 44100, seconds=2)
    body = source.read_bytes()
    source.write_bytes(body[:-100])
    assert decode(source, tmp_path).seconds == pytest.approx(2, abs=0.06)
    noisy = bytearray(body)
    noisy[300::50] = b"\xa5" * len(noisy[300::50])
    source.write_bytes(noisy)
    assert code_of(source, tmp_path) == "audio_damaged"


def test_a_video_without_sound_is_not_audio(tmp_path):
    path = tmp_path / "in.mp4"
    with av.open(str(path), "w", format="mp4") as out:
        stream = out.add_stream("mpeg4", rate=10)
        stream.width = stream.height = 64
        stream.pix_fmt = "yuv420p"
        out.mux(stream.encode(av.VideoFrame(64, 64, "yuv420p")))
        out.mux(stream.encode(None))
    assert code_of(path, tmp_path) == "not_audio"


def test_a_codec_nobody_needs_is_not_run(tmp_path):
    assert code_of(mux(tmp_path / "in.mkv", "matroska", "ac3", 48000), tmp_path) == "not_audio"


@pytest.mark.parametrize(
    ("container", "codec", "known"), [("matroska", "libopus", b"A_OPUS"), ("mov", "pcm_s16le", b"sowt")]
)
def test_a_codec_that_nobody_knows_is_told(tmp_path, container, codec, known):
    source = mux(tmp_path / "in", container, codec, 48000)
    source.write_bytes(source.read_bytes().replace(known, b"A_NOPE"[-len(known) :]))
    with pytest.raises(AudioError, match="sound coded as something unknown") as caught:
        decode(source, tmp_path)
    assert caught.value.code == "not_audio"


def test_a_child_that_dies_is_a_damaged_recording(tmp_path, monkeypatch):
    def die(_function, _arguments, *, limits, died):
        raise RVCError(*died)

    monkeypatch.setattr(sandbox, "run", die)
    assert code_of(write(tmp_path / "in.wav", 16000), tmp_path) == "audio_damaged"


def test_a_child_that_lies_about_its_file_is_not_believed(tmp_path, monkeypatch):
    def lie(_function, arguments, *, limits, died):
        Path(arguments["target"]).write_bytes(b"\0" * 4)
        return {"source_rate": 16000, "channels": 1, "seconds": 1.0, "codec": "x", "samples": 10**9}

    monkeypatch.setattr(sandbox, "run", lie)
    assert code_of(write(tmp_path / "in.wav", 16000), tmp_path) == "audio_damaged"


def test_decoders_are_not_loaded_here():
    wanted = "import sys, rvc.codec; print({'av', 'soundfile', 'soxr', 'torch'} & set(sys.modules))"
    assert subprocess.check_output([sys.executable, "-c", wanted], text=True).strip() == "set()"


# Encoding


def read_back(path: Path) -> tuple[np.ndarray, int]:
    with av.open(str(path)) as opened:
        planar = av.AudioResampler(format="fltp")
        blocks = [part.to_ndarray()[0] for frame in opened.decode(audio=0) for part in planar.resample(frame)]
        return np.concatenate(blocks), opened.streams.audio[0].rate


def test_every_format_is_known_everywhere():
    assert set(MEDIA_TYPES) == set(ENCODERS) == set(FORMAT_LABELS)


@pytest.mark.parametrize("output_format", list(MEDIA_TYPES))
@pytest.mark.parametrize(
    ("rate", "mp3_rate"), [(16000, 16000), (25600, 32000), (32000, 32000), (40000, 44100), (48000, 48000)]
)
def test_a_result_can_be_read_back(tmp_path, output_format, rate, mp3_rate):
    wave = sweep(3.0071, rate)
    target = tmp_path / f"out{MEDIA_TYPES[output_format][0]}"
    written = encode(wave, rate, target, output_format)
    assert written == {"mp3": mp3_rate, "m4a": mp3_rate, "opus": 48000}.get(output_format, rate)
    samples, read_rate = read_back(target)
    assert read_rate == written
    expected = wave if written == rate else soxr.resample(wave, rate, written, "HQ")
    longest_tail = 1024 if output_format == "m4a" else 0  # MP4 players cut the last frame, this decoder does not
    assert 0 <= len(samples) - len(expected) <= longest_tail
    assert similarity(samples, expected) > 0.9995
    level = np.sqrt(np.mean(samples[: len(expected)] ** 2) / np.mean(expected**2))
    lowest = 0.94 if output_format == "mp3" else 0.99  # LAME leaves room for overshoot
    assert lowest < level < 1.01
    assert [path.name for path in tmp_path.iterdir()] == [target.name]


@pytest.mark.parametrize(("output_format", "subtype"), [("wav", "PCM_16"), ("wav24", "PCM_24"), ("flac", "PCM_24")])
def test_whole_numbers_are_truncated_towards_zero_as_the_reference_does(tmp_path, output_format, subtype):
    bits = 16 if subtype == "PCM_16" else 24
    full = 2.0 ** (bits - 1)
    wave = np.array([0.0, 0.9 / full, -0.9 / full, 1.5 / full, -1.5 / full, 0.99, -0.99, 1.0, -1.0, 1.5], np.float32)
    encode(wave, 40000, tmp_path / "out", output_format)
    read, rate = soundfile.read(tmp_path / "out", dtype="int32")
    expected = [0, 0, 0, 1, -1, int(np.float32(0.99) * full), -int(np.float32(0.99) * full), full - 1, -full, full - 1]
    assert rate == 40000
    assert (read >> (32 - bits)).tolist() == expected
    assert soundfile.info(tmp_path / "out").subtype == subtype


def test_16_bit_equals_the_reference_formula():
    wave = np.random.default_rng(5).uniform(-0.99, 0.99, 20000).astype(np.float32)
    np.testing.assert_array_equal(to_pcm(wave, 16), (wave * 32768).astype(np.int16))


def test_float_is_kept_bit_for_bit(tmp_path):
    wave = np.random.default_rng(5).normal(0, 0.3, 200_001).astype(np.float32)
    encode(wave, 40000, tmp_path / "out.wav", "wav32f")
    np.testing.assert_array_equal(soundfile.read(tmp_path / "out.wav", dtype="float32")[0], wave)


@pytest.mark.parametrize("rate", [8000, 96000, 192000])
def test_rates_no_encoder_knows_become_the_next_legal_one(tmp_path, rate):
    expected = {8000: (8000, 8000), 96000: (48000, 96000), 192000: (48000, 96000)}[rate]
    wave = sweep(0.5, rate)
    assert (encode(wave, rate, tmp_path / "a", "mp3"), encode(wave, rate, tmp_path / "b", "m4a")) == expected


@pytest.mark.parametrize("output_format", list(MEDIA_TYPES))
def test_the_file_says_that_it_is_generated(tmp_path, output_format):
    encode(sweep(0.2, 48000), 48000, tmp_path / "out", output_format)
    with av.open(str(tmp_path / "out")) as opened:
        tags = {**opened.metadata, **opened.streams.audio[0].metadata}
    assert {name: tags.get(name) for name in TAGS} == TAGS


@pytest.mark.parametrize("output_format", list(MEDIA_TYPES))
def test_the_same_samples_give_the_same_bytes(tmp_path, output_format):
    for name in ("a", "b"):
        encode(sweep(0.5, 40000), 40000, tmp_path / name, output_format)
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()


@pytest.mark.parametrize("output_format", list(MEDIA_TYPES))
def test_what_is_written_can_be_converted_again(tmp_path, output_format):
    encode(sweep(1.0, 40000), 40000, tmp_path / "out", output_format)
    recording = decode(tmp_path / "out", tmp_path)
    assert similarity(recording.samples, sweep(1.0, 16000)) > 0.99


def test_a_mapped_result_is_read_block_by_block(tmp_path):
    np.save(tmp_path / "wave.npy", sweep(10, 40000))
    mapped = np.load(tmp_path / "wave.npy", mmap_mode="r")
    encode(mapped, 40000, tmp_path / "a.mp3", "mp3")
    encode(np.array(mapped), 40000, tmp_path / "b.mp3", "mp3")
    assert (tmp_path / "a.mp3").read_bytes() == (tmp_path / "b.mp3").read_bytes()


def test_a_failed_encoding_leaves_the_old_file(tmp_path, monkeypatch):
    (tmp_path / "out.wav").write_bytes(b"old")
    wave = sweep(1, 40000)
    monkeypatch.setattr("rvc.codec.writing._frame", lambda *_arguments: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        encode(wave, 40000, tmp_path / "out.wav", "wav")
    assert [path.read_bytes() for path in tmp_path.iterdir()] == [b"old"]


def test_an_unknown_format_names_its_option(tmp_path):
    with pytest.raises(OptionError) as caught:
        encode(sweep(1, 40000), 40000, tmp_path / "out", "wma")
    assert caught.value.field == "output_format"


@pytest.mark.parametrize(
    ("name", "wanted", "taken"),
    [
        ("a.wav", None, "wav"),
        ("a.WAV", "wav24", "wav24"),
        ("a.ogg", None, "opus"),
        ("a.opus", "opus", "opus"),
        ("a.m4a", None, "m4a"),
    ],
)
def test_the_ending_chooses_the_format(name, wanted, taken):
    assert format_of(Path(name), wanted) == taken


@pytest.mark.parametrize(("name", "wanted"), [("a.xyz", None), ("a", "wav"), ("a.wav24", None), ("a.mp3", "flac")])
def test_an_ending_never_lies_about_the_format(name, wanted):
    with pytest.raises(OptionError) as caught:
        format_of(Path(name), wanted)
    assert caught.value.field == "output_format"


def test_two_threads_may_decode_at_once(tmp_path):
    done = []

    def work(name: str) -> None:
        folder = tmp_path / name
        folder.mkdir()
        done.append(decode(write(folder / "in.wav", 48000), folder).seconds)

    threads = [threading.Thread(target=work, args=(name,)) for name in "ab"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert done == [1.0, 1.0]
