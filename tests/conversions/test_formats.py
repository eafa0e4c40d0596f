"""A result in another format than the stored one, from the page and from the API."""

import io
import re
from pathlib import Path

import av
import numpy as np
import pytest
from django.conf import settings

from conversions.formats import FORMATS
from conversions.models import Conversion
from rvc.codec import MEDIA_TYPES, encode
from rvc.options import CHOICES
from tests import base
from voiceproject.seats import OF_A_PERSON, seats

pytestmark = pytest.mark.django_db

RATE, SECONDS = 40000, 2.3
FRAME = {"wav": 1, "flac": 1, "mp3": 1152, "opus": 960, "m4a": 1024}
"""Samples of one frame, by which a length may be wrong."""
AI = "AI-generated voice conversion by Voiceproject"


@pytest.fixture
def stored(done, tmp_path):
    """Give the finished conversion a result in some format: a tone that swells, at a rate that MP3 does not know."""

    def stored(output_format="wav", seconds=SECONDS):
        time = np.arange(round(seconds * RATE)) / RATE
        sound = (0.4 + 0.1 * np.sin(3 * time)) * np.sin(2 * np.pi * 330 * time)
        path = tmp_path / f"result{MEDIA_TYPES[output_format][0]}"
        encode(sound.astype(np.float32), RATE, path, output_format)
        done.output_format = output_format
        done.result.save("result", base.upload(path), save=False)
        Conversion.objects.filter(pk=done.pk).update(
            result=done.result.name, output_format=output_format, result_seconds=seconds, source_name="Lied ü.wav"
        )
        done.refresh_from_db()
        return done

    return stored


def decoded(data):
    """Samples, rate, and what the file says of itself."""
    with av.open(io.BytesIO(data)) as container:
        stream = container.streams.audio[0]
        one = av.AudioResampler(format="flt", layout="mono")
        frames = [piece for frame in container.decode(stream) for piece in one.resample(frame)] + one.resample(None)
        tags = {**container.metadata, **stream.metadata}
        length = container.duration / av.time_base if container.duration else None
        return np.concatenate([frame.to_ndarray()[0] for frame in frames]), stream.rate, tags, length


def level(samples):
    return 10 * np.log10(np.mean(np.square(samples, dtype=np.float64)))


def body(response):
    return b"".join(response.streaming_content)


@pytest.mark.parametrize("wanted", FORMATS)
def test_it_works(wanted, stored, api, alice):
    conversion = stored()
    original = decoded(conversion.result.open().read())[0]
    response = api(alice).get(f"/api/conversions/{conversion.pk}/result/?format={wanted}")
    assert response.status_code == 200
    assert response["Content-Type"] == MEDIA_TYPES[wanted][1]
    data = body(response)
    assert int(response["Content-Length"]) == len(data)
    samples, rate, tags, length = decoded(data)
    assert abs(len(samples) / rate - SECONDS) <= FRAME[wanted] / rate
    assert abs(length - SECONDS) <= 2 * FRAME[wanted] / rate + 0.01
    assert abs(level(samples) - level(original)) < 0.5
    assert AI in {value for name, value in tags.items() if name.lower() == "comment"}


@pytest.mark.parametrize("kept", CHOICES["output_format"])
def test_every_stored_format_becomes_any_other(kept, stored, api, alice):
    conversion = stored(kept, seconds=0.5)
    for wanted in FORMATS:
        samples, rate, *_ = decoded(body(api(alice).get(f"/api/conversions/{conversion.pk}/result/?format={wanted}")))
        assert abs(len(samples) / rate - 0.5) <= (FRAME[wanted] + FRAME.get(kept, 1)) / rate, (kept, wanted)


def test_lossless_stays_as_it_is(stored, client, alice):
    conversion = stored()
    client.force_login(alice)
    whole = decoded(body(client.get(f"/conversions/{conversion.pk}/result/?download&format=flac")))
    assert np.array_equal(whole[0], decoded(conversion.result.open().read())[0])
    assert whole[1] == RATE


def test_the_stored_format_still_answers_ranges_and_tags(stored, client, alice):
    conversion = stored("wav24")
    client.force_login(alice)
    address = f"/conversions/{conversion.pk}/result/?download&format=wav"
    whole = client.get(address)
    assert whole["ETag"] == client.get(f"/conversions/{conversion.pk}/result/")["ETag"]
    assert body(whole) == conversion.result.open().read()
    part = client.get(address, headers={"Range": "bytes=0-9"})
    assert (part.status_code, len(body(part))) == (206, 10)


def test_the_name_is_told_as_browsers_understand_it(stored, client, alice):
    conversion = stored()
    client.force_login(alice)
    response = client.get(f"/conversions/{conversion.pk}/result/?download&format=m4a")
    body(response)
    said = response["Content-Disposition"]
    assert said.startswith("attachment; filename*=utf-8''Lied%20%C3%BC%20-%20")
    assert said.endswith(".m4a")
    assert response["Accept-Ranges"] == "none"
    assert "sandbox" in response["Content-Security-Policy"]


def test_a_head_request_makes_nothing(stored, client, alice):
    conversion = stored()
    client.force_login(alice)
    response = client.head(f"/conversions/{conversion.pk}/result/?download&format=mp3")
    assert (response.status_code, response["Content-Type"]) == (200, "audio/mpeg")
    assert not response.has_header("Content-Length")


def test_it_refuses_a_format_that_is_none(stored, client, api, alice):
    conversion = stored()
    refused = api(alice).get(f"/api/conversions/{conversion.pk}/result/?format=exe")
    assert refused.status_code == 400
    assert refused.json()["error"]["field"] == "format"
    client.force_login(alice)
    assert client.get(f"/conversions/{conversion.pk}/result/?download&format=exe").status_code == 404


def test_nothing_to_fetch_is_a_404(conversion, api, alice):
    assert api(alice).get(f"/api/conversions/{conversion.pk}/result/?format=mp3").status_code == 404


def test_a_file_that_was_damaged_is_said_to_be(stored, api, client, alice):
    conversion = stored()
    Path(conversion.result.path).write_bytes(b"not what was written")
    response = api(alice).get(f"/api/conversions/{conversion.pk}/result/?format=mp3")
    assert (response.status_code, response.json()["error"]["code"]) == (422, "damaged")
    client.force_login(alice)
    page = client.get(f"/conversions/{conversion.pk}/result/?download&format=mp3")
    assert (page.status_code, page["Content-Type"]) == (422, "text/plain")


def test_only_a_few_are_made_at_a_time(stored, api, alice):
    conversion = stored()
    address = f"/api/conversions/{conversion.pk}/result/?format=mp3"
    with seats().taken_by(alice.pk), seats().taken_by(alice.pk):
        response = api(alice).get(address)
        assert (response.status_code, response["Retry-After"]) == (429, "10")
    assert OF_A_PERSON == 2
    assert api(alice).get(address).status_code == 200


def test_nothing_is_left_behind(stored, api, alice):
    conversion = stored()
    before = base.files_left()
    response = api(alice).get(f"/api/conversions/{conversion.pk}/result/?format=mp3")
    response.close()  # the client has hung up
    assert base.files_left() == before
    assert seats().taken.total() == 0
    assert list(settings.FILE_UPLOAD_TEMP_DIR.iterdir()) == []


def test_it_counts_as_the_download_once_all_of_it_was_sent(stored, api, alice):
    conversion = stored()
    Conversion.objects.filter(pk=conversion.pk).update(delete_after_download=True)
    address = f"/api/conversions/{conversion.pk}/result/?format=mp3"
    broken_off = api(alice).get(address)
    next(broken_off._iterator)
    broken_off._iterator.close()
    conversion.refresh_from_db()
    assert conversion.downloaded_at is None
    body(api(alice).get(address))
    conversion.refresh_from_db()
    assert conversion.downloaded_at is not None


def test_the_page_offers_them_without_a_script(stored, client, alice):
    conversion = stored()
    client.force_login(alice)
    page = client.get(f"/conversions/{conversion.pk}/").content.decode()
    links = re.findall(r'href="([^"]*\?download&amp;format=[a-z0-9]+)"', page)
    assert [link.rpartition("=")[2] for link in links] == list(FORMATS)
    for link in links:
        assert client.get(link.replace("&amp;", "&")).status_code == 200
