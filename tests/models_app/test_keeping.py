"""What is kept of a voice beside its files: names, tags, language, consent, default options, uses, the upload."""

import hashlib
from pathlib import Path

import pytest
from django.test import TestCase
from django.urls import reverse

from conversions.models import Conversion
from models_app.models import Tag, VoiceModel
from rvc.options import ConversionOptions
from tests import base

pytestmark = pytest.mark.django_db
VOICES = "/api/voices/"


def change(api, voice, **said):
    return api(voice.owner).patch(f"{VOICES}{voice.pk}/", said, format="json")


class TestSlug:
    def test_it_is_made_of_the_name_and_stays(self, api, make_voice, alice):
        first, second = make_voice(alice, name="Tante Märi"), make_voice(alice, name="Tante Märi")
        assert (first.slug, second.slug) == ("tante-mari", f"tante-mari-{second.pk.hex[:8]}")
        assert change(api, first, name="Other").json()["slug"] == "tante-mari"
        assert VoiceModel.objects.find("tante-mari") == VoiceModel.objects.find("other") == first

    def test_a_name_without_latin_letters_has_one_too(self, make_voice, alice):
        assert [make_voice(alice, name="声").slug[:6] for _ in range(2)] == ["voice", "voice-"]

    def test_its_address_leads_to_the_voice(self, client, voice, bob):
        client.force_login(voice.owner)
        assert client.get(f"/voices/named/{voice.slug}/").url == voice.get_absolute_url()
        client.force_login(bob)
        assert client.get(f"/voices/named/{voice.slug}/").status_code == 404

    def test_two_that_come_at_once_get_one_each(self, make_voice, alice, monkeypatch):
        """Both have looked before either was there, as on PostgreSQL."""
        first = make_voice(alice, name="Twin")
        chosen = iter(["twin"])
        choose = VoiceModel.choose_slug
        monkeypatch.setattr(
            VoiceModel, "choose_slug", lambda self: setattr(self, "slug", next(chosen, "")) or self.slug or choose(self)
        )
        assert make_voice(alice, name="Twin").slug != first.slug


class TestTags:
    def test_they_are_small_words_each_once(self, api, voice):
        answer = change(api, voice, tags=["Warm", " warm ", "for  Songs", "low,deep", ""])
        assert answer.json()["tags"] == ["deep", "for songs", "low", "warm"]
        assert change(api, voice, tags=[]).json()["tags"] == []
        assert Tag.objects.count() == 4

    @pytest.mark.parametrize("tags", [["x" * 41], [f"t{n}" for n in range(21)], [{"a": 1}], "warm"])
    def test_what_is_none_is_refused(self, api, voice, tags):
        answer = change(api, voice, tags=tags)
        assert (answer.status_code, answer.json()["error"]["field"]) == (400, "tags")

    def test_the_form_takes_commas(self, client, voice):
        client.force_login(voice.owner)
        client.post(reverse("voices:edit", args=[voice.pk]), {"name": "T", "tags": "Warm, low,, warm"})
        assert voice.tag_words == ["low", "warm"]
        assert "low, warm" in client.get(reverse("voices:edit", args=[voice.pk])).content.decode()

    def test_an_upload_brings_them(self, api, alice, voice_file):
        sent = {"checkpoint": base.upload(voice_file, "a.pth"), "tags": ["warm", "low"], "language": "en"}
        made = api(alice).post(VOICES, sent, format="multipart").json()
        assert (made["tags"], made["language"]) == (["low", "warm"], "en")


@pytest.mark.parametrize(("code", "status"), [("en", 200), ("zh-Hant-TW", 200), ("", 200), ("english!", 400)])
def test_a_language_is_a_code(api, voice, code, status):
    answer = change(api, voice, language=code)
    assert answer.status_code == status
    assert status == 200 or answer.json()["error"]["field"] == "language"


class TestConsent:
    def test_it_says_who_and_when(self, api, client, voice, alice):
        said = change(api, voice, consent_statement=" It is mine. ").json()
        assert (said["consent_statement"], said["consent_by"]) == ("It is mine.", "alice")
        at = said["consent_at"]
        assert at
        assert change(api, voice, name="Other").json()["consent_at"] == at  # only new words are said anew
        client.force_login(alice)
        assert "Said by alice on" in client.get(voice.get_absolute_url()).content.decode()
        assert change(api, voice, consent_statement="").json()["consent_by"] is None

    def test_an_upload_states_it(self, client, alice, voice_file):
        client.force_login(alice)
        assert "I may use this voice because" in client.get(reverse("voices:add")).content.decode()
        sent = {"checkpoint": base.upload(voice_file, "a.pth"), "consent_statement": "She agreed."}
        client.post(reverse("voices:add"), sent)
        voice = VoiceModel.objects.get()
        assert (voice.consent_statement, voice.consent_by) == ("She agreed.", alice)

    def test_it_can_be_required(self, api, client, alice, voice, voice_file, settings):
        settings.REQUIRE_CONSENT = True
        client.force_login(alice)
        page = client.post(reverse("voices:add"), {"checkpoint": base.upload(voice_file, "a.pth")})
        assert page.status_code == 422
        answer = api(alice).post(VOICES, {"checkpoint": base.upload(voice_file, "a.pth")}, format="multipart")
        assert (answer.status_code, answer.json()["error"]["field"]) == (400, "consent_statement")
        assert change(api, voice, consent_statement=" ").json()["error"]["field"] == "consent_statement"
        assert VoiceModel.objects.count() == 1


class TestDefaults:
    def test_they_are_what_a_conversion_starts_from(self, api, client, voice):
        assert change(api, voice, recommended={"pitch_shift": 3, "protect": 0.2}).status_code == 200
        sent = {"voice": str(voice.pk), "recording": base.upload(base.tone()), "protect": 0.4}
        made = api(voice.owner).post("/api/conversions/", sent, format="multipart").json()
        assert (made["pitch_shift"], made["protect"]) == (3.0, 0.4)
        client.force_login(voice.owner)
        assert 'value="3"' in client.get(f"/?voice={voice.pk}").content.decode()

    @pytest.mark.parametrize(
        "values",
        [{"pitch_shift": 99}, {"speaker": 3}, {"tempo": 1}, {"protect": "low"}, {"pitch_shift": 10**400}, [1], 1],
    )
    def test_what_no_conversion_takes_is_refused(self, api, voice, values):
        answer = change(api, voice, recommended=values)
        assert (answer.status_code, answer.json()["error"]["field"]) == (400, "recommended")

    def test_the_form_sets_and_clears_them(self, client, voice):
        client.force_login(voice.owner)
        address = reverse("voices:edit", args=[voice.pk])
        client.post(address, {"name": "T", "option_pitch_shift": "-2.5", "option_f0_method": "dio"})
        voice.refresh_from_db()
        assert voice.recommended == {"pitch_shift": -2.5, "f0_method": "dio"}
        for name, value in (("option_speaker", "7"), ("option_protect", "0.9"), ("option_pitch_shift", "x")):
            wrong = client.post(address, {"name": "T", name: value})
            assert wrong.status_code == 422
            assert name in wrong.context["form"].errors
        client.post(address, {"name": "T"})
        voice.refresh_from_db()
        assert voice.recommended == {}


class TestUsualPitch:
    def test_the_owner_says_it(self, api, client, voice, alice):
        assert change(api, voice, usual_f0=182.5).json()["usual_f0"] == 182.5
        client.force_login(alice)
        address = reverse("voices:edit", args=[voice.pk])
        client.post(address, {"name": "T", "usual_f0": "110", "option_pitch_mode": "auto"})
        voice.refresh_from_db()
        assert (voice.usual_f0, voice.recommended) == (110.0, {"pitch_mode": "auto"})
        assert "usual pitch" in voice.events.latest("at").details
        client.post(address, {"name": "T", "usual_f0": ""})
        voice.refresh_from_db()
        assert voice.usual_f0 is None

    @pytest.mark.parametrize("value", [0, 49.9, 801, "high", True, "NaN"])
    def test_what_nobody_speaks_at_is_refused(self, api, client, voice, value):
        assert change(api, voice, usual_f0=value).status_code == 400
        client.force_login(voice.owner)
        page = client.post(reverse("voices:edit", args=[voice.pk]), {"name": "T", "usual_f0": str(value)})
        assert (page.status_code, list(page.context["form"].errors)) == (422, ["usual_f0"])

    def test_the_automatic_pitch_is_not_recommended_without_it(self, client, voice):
        client.force_login(voice.owner)
        page = client.post(reverse("voices:edit", args=[voice.pk]), {"name": "T", "option_pitch_mode": "auto"})
        assert list(page.context["form"].errors) == ["option_pitch_mode"]


class TestUses:
    def test_a_finished_conversion_counts_once(self, voice, alice):
        one, two = (
            Conversion.objects.submit(alice, voice, base.upload(base.tone()), ConversionOptions()) for _ in range(2)
        )
        job = Conversion.objects.claim(one.pk)
        assert job.finish(result_seconds=1.0)
        assert not job.finish(result_seconds=1.0)
        Conversion.objects.claim(two.pk).fail("job_crashed", "no")
        voice.refresh_from_db()
        assert voice.use_count == 1

    def test_a_voice_that_is_gone_counts_nothing(self, voice, alice):
        job = Conversion.objects.claim(
            Conversion.objects.submit(alice, voice, base.upload(base.tone()), ConversionOptions()).pk
        )
        voice.delete()
        assert job.finish(result_seconds=1.0)


class TestUpload:
    @pytest.mark.usefixtures("own_folder")
    def test_it_is_dropped(self, api, alice, voice_file):
        api(alice).post(VOICES, {"checkpoint": base.upload(voice_file, "a.pth")}, format="multipart")
        assert not VoiceModel.objects.get().upload
        assert len(base.files_left()) == 1

    @pytest.mark.usefixtures("own_folder")
    def test_it_is_kept_where_the_site_says_so(self, api, alice, voice_file, index_file, settings):
        settings.KEEP_UPLOADS = True
        sent = {"checkpoint": base.upload(voice_file, "a.pth"), "index": base.upload(index_file, "a.index")}
        api(alice).post(VOICES, sent, format="multipart")
        voice = VoiceModel.objects.get()
        with voice.upload.open() as kept:
            assert hashlib.file_digest(kept, "sha256").hexdigest() == voice.checkpoint_sha256
        assert voice.index_upload.size == index_file.stat().st_size
        sizes = [file.size for file in (voice.file, voice.index_file, voice.upload, voice.index_upload)]
        assert voice.size_bytes == sum(sizes)
        assert len(base.files_left()) == 4
        with TestCase.captureOnCommitCallbacks(execute=True):
            api(alice).delete(f"{VOICES}{voice.pk}/")
        assert base.files_left() == set()


def test_a_checked_voice_is_moved_into_storage_not_copied(checked_voice, alice):
    checked = base.copy_of(checked_voice)
    brought = [path.stat().st_ino for path in (checked.voice, checked.index)]
    voice = VoiceModel(owner=alice, name="Tiny")
    voice.store(checked, alice)
    assert [Path(file.path).stat().st_ino for file in (voice.file, voice.index_file)] == brought


def test_deleting_leaves_no_byte(api, alice, make_voice, own_folder, django_capture_on_commit_callbacks):
    voice = make_voice(alice)
    voice.show_cover(alice, b"a picture")
    voice.preview.save("a.mp3", base.upload(base.tone(0.1)))
    assert len(base.files_left()) == 4
    with django_capture_on_commit_callbacks(execute=True):
        api(alice).delete(f"{VOICES}{voice.pk}/")
    assert base.files_left() == set()
