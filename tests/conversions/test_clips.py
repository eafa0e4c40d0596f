"""Some seconds of a recording, to hear the settings before a long job: converted alone, counted alone, gone soon."""

import io

import pytest
import soundfile

from conversions import tasks
from conversions.models import Conversion
from jobs.models import State
from jobs.quotas import usage
from rvc.errors import RVCError
from tests import base

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("encoder")]


@pytest.fixture
def preview(alice, voice):
    def submit(start=1.0, seconds=1.5, length=4.0, **wish):
        source = base.upload(base.tone(length), "song.wav")
        clip = {"clip_start": start, "clip_seconds": seconds}
        return Conversion.objects.submit(alice, voice, source, voice.options(**wish), **clip)

    return submit


def test_it_works(preview, client, alice, django_capture_on_commit_callbacks):
    conversion = preview()
    assert conversion.source_seconds == 1.5
    assert usage(alice).minutes == pytest.approx(1.5 / 60)
    tasks.convert(str(conversion.pk))
    conversion.refresh_from_db()
    assert (conversion.state, conversion.error_message) == (State.DONE, "")
    assert conversion.result_seconds == pytest.approx(1.5)
    client.force_login(alice)
    page = client.get(conversion.get_absolute_url()).content.decode()
    assert "This is a preview: 1.5 s from second 1 on." in page
    assert f'href="/?from={conversion.pk}">Convert all of it' in page
    heard, rate = soundfile.read(io.BytesIO(b"".join(client.get(f"/conversions/{conversion.pk}/source/"))))
    whole, _ = soundfile.read(io.BytesIO(base.tone(4.0)))
    assert (len(heard), rate) == (24000, 16000)
    assert abs(heard - whole[16000:40000]).max() < 1e-3, "the page compares with the very seconds"
    assert conversion.stored_bytes >= sum(file.size for file in (conversion.source, conversion.result, conversion.clip))
    with django_capture_on_commit_callbacks(execute=True):
        conversion.delete()
    assert not any("clips" in name or "sources" in name for name in base.files_left())


@pytest.mark.parametrize(("start", "seconds", "length"), [(0.0, 10.0, 4.0), (3.0, 10.0, 1.0)])
def test_it_ends_where_the_recording_ends(preview, start, seconds, length):
    assert preview(start, seconds).source_seconds == length


def test_what_begins_behind_the_end_is_refused(preview):
    with pytest.raises(RVCError) as refused:
        preview(start=9.0)
    assert (refused.value.code, refused.value.field) == ("clip_outside", "clip_start")
    assert not Conversion.objects.exists()


def test_a_length_that_only_decoding_tells_is_looked_at_then(preview):
    conversion = preview(start=2.0)
    Conversion.objects.update(source_seconds=None, clip_start=9.0)
    tasks.convert(str(conversion.pk))
    conversion.refresh_from_db()
    assert conversion.error_code == "clip_outside"


class TestAPI:
    def test_it_works(self, api, alice, voice):
        sent = {"voice": str(voice.pk), "recording": base.upload(base.tone(3.0)), "clip_start": 0.5, "clip_seconds": 2}
        made = api(alice).post("/api/conversions/", sent).json()
        assert (made["clip_start"], made["clip_seconds"], made["source"]["seconds"]) == (0.5, 2.0, 2.0)
        again = api(alice).post(f"/api/conversions/{made['id']}/again/", {"pitch_shift": 2}, format="json").json()
        assert (again["clip_seconds"], again["source"]["seconds"]) == (None, 3.0), "all of it"

    def test_a_start_alone_means_ten_seconds(self, api, alice, voice):
        sent = {"voice": str(voice.pk), "recording": base.upload(base.tone(12.0)), "clip_start": 1}
        assert api(alice).post("/api/conversions/", sent).json()["source"]["seconds"] == 10.0

    @pytest.mark.parametrize("wrong", [{"clip_seconds": 0.5}, {"clip_seconds": 61}, {"clip_start": -1}])
    def test_it_refuses(self, api, alice, voice, wrong):
        sent = {"voice": str(voice.pk), "recording": base.upload(base.tone(3.0)), **wrong}
        answer = api(alice).post("/api/conversions/", sent)
        assert (answer.status_code, answer.json()["error"]["field"]) == (400, *wrong)

    @pytest.mark.parametrize("address", ["/api/batches/", "/api/speeches/"])
    def test_only_one_recording_has_a_preview(self, api, alice, voice, address):
        answer = api(alice).post(address, {"voice": str(voice.pk), "clip_start": 1, "text": "x"}, format="json")
        assert answer.status_code == 400


class TestStudio:
    def test_it_works(self, client, alice, voice):
        client.force_login(alice)
        sent = {"voice": voice.pk, "recording": base.upload(base.tone(12.0)), "do": "try", "clip_start": "1"}
        assert client.post("/", sent).status_code == 302
        made = Conversion.objects.get()
        assert (made.clip_start, made.clip_seconds, made.keep_days) == (1.0, 10.0, 1)
        again = {"voice": voice.pk, "from": str(made.pk), "do": "make", "clip_start": "1"}
        client.post("/", again)
        whole = Conversion.objects.exclude(pk=made.pk).get()
        assert (whole.clip_seconds, whole.source_seconds, whole.keep_days) == (None, 12.0, None)

    def test_many_have_none(self, client, alice, voice):
        client.force_login(alice)
        many = [base.upload(base.tone(1.0), name) for name in ("a.wav", "b.wav")]
        answer = client.post("/", {"voice": voice.pk, "recording": many, "do": "try"})
        assert answer.status_code == 422
        assert "A preview takes one recording" in answer.content.decode()

    def test_a_start_behind_the_end_is_said(self, client, alice, voice):
        client.force_login(alice)
        sent = {"voice": voice.pk, "recording": base.upload(base.tone(2.0)), "do": "try", "clip_start": "60"}
        assert "begin the preview earlier" in client.post("/", sent).content.decode()
