"""Sound that leaves while it is made, in every kind that a program may ask for."""

import io

import av
import numpy as np
import pytest
import soundfile

from rvc.codec.sending import encoder, sent, written

RATE, SECONDS = 40000, 3
ASKED = [
    *(("mp3", rate, kbps) for rate, kbps in ((22050, 32), (24000, 48), (44100, 32), (44100, 128), (44100, 192))),
    ("aac", 44100, 0),
    *(("opus", 48000, kbps) for kbps in (32, 64, 96, 128, 192)),
    ("flac", 0, 0),
    *(("wav", rate, 0) for rate in (8000, 16000, 22050, 44100, 48000)),
]


def blocks(taken=None):
    time = np.arange(RATE) / RATE
    for number in range(SECONDS):
        if taken is not None:
            taken.append(number)
        yield (0.3 * np.sin(2 * np.pi * 220 * (time + number))).astype(np.float32)


def decoded(data):
    """Samples and rate, as a player without a header that says the length reads them."""
    with av.open(io.BytesIO(data)) as container:
        planar = av.AudioResampler(format="fltp")
        frames = [part for frame in container.decode(audio=0) for part in planar.resample(frame)]
    return np.concatenate([frame.to_ndarray()[0] for frame in frames]), frames[0].sample_rate


@pytest.mark.parametrize(("kind", "rate", "kbps"), ASKED)
def test_the_first_bytes_leave_before_the_last_block_is_there(kind, rate, kbps):
    taken, places, data = [], [], b""
    for part in sent(blocks(taken), RATE, encoder(kind, rate=rate, bit_rate=kbps * 1000)):
        places.append(len(taken))
        data += part
    assert (places[0], places[-1]) == (1, SECONDS)
    heard, heard_rate = decoded(data)
    assert heard_rate == (rate or RATE)
    assert len(heard) / heard_rate == pytest.approx(SECONDS, abs=0.12)
    # LAME makes everything 5 % quieter
    assert np.sum(heard**2) / heard_rate == pytest.approx(SECONDS * 0.3**2 / 2, rel=0.12)


@pytest.mark.parametrize("kbps", [32, 128, 192])
def test_the_bit_rate_is_the_one_that_was_asked_for(kbps):
    size = sum(map(len, sent(blocks(), RATE, encoder("mp3", rate=44100, bit_rate=kbps * 1000))))
    assert size == pytest.approx(kbps * 1000 / 8 * SECONDS, rel=0.03)


@pytest.mark.parametrize(
    ("kind", "rate", "width", "subtype"),
    [("pcm", 8000, 2, "PCM_16"), ("pcm", 48000, 2, "PCM_16"), ("ulaw", 8000, 1, "ULAW"), ("alaw", 8000, 1, "ALAW")],
)
def test_what_has_no_header_is_samples_alone(kind, rate, width, subtype):
    data = b"".join(sent(blocks(), RATE, encoder(kind, rate=rate)))
    assert len(data) == SECONDS * rate * width
    raw = {"channels": 1, "samplerate": rate, "format": "RAW", "subtype": subtype}
    heard, _ = soundfile.read(io.BytesIO(data), **raw)
    assert np.sqrt(np.mean(heard**2)) == pytest.approx(0.3 / np.sqrt(2), rel=0.02)


def test_a_whole_file_says_how_long_it_is():
    for kind in ("wav", "flac", "mp3"):
        file = io.BytesIO()
        written(blocks(), RATE, encoder(kind), file)
        facts = soundfile.info(io.BytesIO(file.getvalue()))
        assert facts.frames == SECONDS * facts.samplerate


def test_sixteen_bits_stay_what_they_are():
    """As pieces are kept: nothing is rounded on their way out."""
    samples = np.arange(-32768, 32768, dtype=np.int16)
    data = b"".join(sent([samples.astype(np.float32) / 32768], RATE, encoder("pcm")))
    assert np.array_equal(np.frombuffer(data, "<i2"), samples)
