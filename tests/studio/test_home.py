"""The home page, asked as a browser without scripts asks, and as ours does."""

from dataclasses import asdict

import pytest
from django.forms import Select
from pytest_django.asserts import assertHTMLEqual

from conversions.models import OPTION_NAMES, Conversion
from conversions.presets import Preset
from models_app.models import FavouriteVoice
from rvc.options import ConversionOptions
from tests import base
from tts.forms import LongSelect
from tts.models import Speech

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("encoder")]

HOME = "/"
SCRIPT = {"X-Requested-With": "XMLHttpRequest"}


@pytest.fixture
def page(client, alice):
    client.force_login(alice)
    return client


@pytest.fixture
def conversion(alice, voice):
    return Conversion.objects.submit(alice, voice, base.upload(base.tone()), ConversionOptions(pitch_shift=3))


def sent(voice, /, **changes):
    """What the form sends when nothing was touched, with some changes."""
    options = {name: str(value) for name, value in asdict(ConversionOptions()).items()}
    return {"voice": str(voice.pk), "recording": base.upload(base.tone()), **options, **changes}


def test_it_works(page, alice, voice):
    assert "Pick a voice" in page.get(HOME).content.decode()
    answer = page.post(HOME, sent(voice, pitch_shift="-2.5"))
    conversion = Conversion.objects.get(owner=alice)
    assert (conversion.pitch_shift, conversion.voice, conversion.source_name) == (-2.5, voice, "tone.wav")
    assert answer.url == conversion.get_absolute_url()
    assert "tone.wav" in page.get(answer.url).content.decode()


def test_every_option_has_a_labelled_field_with_its_range(page, voice):
    shown = page.get(HOME).content.decode()
    for name in OPTION_NAMES:
        assert f'for="id_{name}"' in shown
    assert 'min="-24" max="24" step="0.5" data-default="0"' in shown
    assert "0 to 0.5, default 0.33." in shown


def test_a_method_that_cannot_be_used_is_shown_with_the_reason(page, voice):
    shown = page.get(HOME).content.decode()
    assert '<option value="rmvpe" disabled>RMVPE (not available)</option>' in shown
    assert "<code>python3 run.py manage assets fetch rmvpe</code>" in shown
    assert '<option value="harvest">Harvest</option>' in shown


def test_the_first_voice_comes_with_what_it_recommends(page, voice):
    type(voice).objects.update(recommended={"index_rate": 0.2})
    shown = page.get(f"{HOME}?voice={voice.pk}")
    assert shown.context["form"]["index_rate"].value() == 0.2
    assert "checked" in shown.content.decode()


def test_an_empty_server_says_how_to_get_a_voice(page):
    assert "There is no voice to use yet" in page.get(HOME).content.decode()


def test_a_voice_without_its_encoder_says_the_command(page, voice):
    type(voice).objects.update(encoder="contentvec")
    assert "python3 run.py manage assets fetch contentvec" in page.get(HOME).content.decode()


def test_the_script_gets_the_address(page, voice):
    answer = page.post(HOME, sent(voice), headers={"X-Requested-With": "XMLHttpRequest"})
    assert answer.status_code == 201
    assert answer.json() == {"url": Conversion.objects.get().get_absolute_url()}


def test_the_script_gets_the_refused_form_alone(page, voice):
    wrong = sent(voice, recording=base.upload(b"this is a letter", "letter.wav"))
    answer = page.post(HOME, wrong, headers={"X-Requested-With": "XMLHttpRequest"})
    assert answer.status_code == 422
    assert b"<html" not in answer.content
    assert not Conversion.objects.exists()


@pytest.mark.parametrize(
    ("field", "value"),
    [("pitch_shift", "25"), ("protect", "0.6"), ("output_rate", "4000"), ("f0_method", "magic"), ("voice", "x")],
)
def test_it_shows_errors_at_their_field(page, voice, field, value):
    answer = page.post(HOME, sent(voice, **{field: value}))
    assert answer.status_code == 422
    assert answer.context["form"].errors[field]
    assert "errorlist" in answer.content.decode()


def test_a_strangers_voice_cannot_be_used(client, bob, voice):
    client.force_login(bob)
    answer = client.post(HOME, sent(voice))
    assert answer.status_code == 422
    assert not Conversion.objects.exists()


def test_again_starts_from_the_earlier_settings(page, conversion):
    shown = page.get(f"{HOME}?from={conversion.pk}")
    assert shown.context["form"]["pitch_shift"].value() == 3
    assert "Once more" in shown.content.decode()


def test_again_keeps_the_recording(page, voice, conversion):
    wish = sent(voice, **{"from": str(conversion.pk), "pitch_shift": "5"})
    del wish["recording"]
    page.post(HOME, wish)
    again = Conversion.objects.exclude(pk=conversion.pk).get()
    assert (again.source_name, again.pitch_shift) == (conversion.source_name, 5)
    assert again.source.read() == base.tone()


def test_again_without_the_recording_asks_for_it(page, voice, conversion):
    conversion.source.storage.delete(conversion.source.name)
    wish = sent(voice, **{"from": str(conversion.pk)})
    del wish["recording"]
    answer = page.post(HOME, wish)
    assert answer.status_code == 422
    assert "not there any more" in str(answer.context["form"].errors["recording"])
    assert Conversion.objects.count() == 1


def test_again_never_takes_a_strangers_recording(client, bob, make_voice, conversion):
    client.force_login(bob)
    wish = sent(make_voice(bob), **{"from": str(conversion.pk)})
    del wish["recording"]
    assert client.post(HOME, wish).status_code == 422
    assert "Once more" not in client.get(f"{HOME}?from={conversion.pk}").content.decode()


class TestWays:
    def test_the_microphone_has_a_file_of_its_own(self, page, voice):
        taken = sent(voice, way="microphone", microphone=base.upload(base.tone(), "microphone.webm"))
        del taken["recording"]
        assert page.post(HOME, taken).status_code == 302
        assert Conversion.objects.get().source_name == "microphone.webm"

    def test_nothing_recorded_is_said_where_one_records(self, page, voice):
        answer = page.post(HOME, sent(voice, way="microphone"))
        assert answer.status_code == 422
        assert "Record something with the microphone first." in answer.content.decode()

    def test_a_text_needs_no_recording_and_keeps_the_chosen_voice(self, page, voice):
        wish = sent(voice, way="text", text="Good evening.")
        del wish["recording"]
        assert page.post(HOME, wish).status_code == 302
        assert Speech.objects.get().conversion.voice == voice

    def test_what_belongs_to_another_way_disturbs_nobody(self, page, voice):
        assert page.post(HOME, sent(voice, way="files", text="x" * 9000, who="nobody|x", rate="99")).status_code == 302
        assert not Speech.objects.exists()

    def test_a_refusal_keeps_the_way_and_what_stands_elsewhere(self, page, voice):
        answer = page.post(HOME, sent(voice, way="files", text="Said later.", pitch_shift="99"))
        shown = answer.content.decode()
        assert "Said later.</textarea>" in shown
        assert 'value="files" checked' in shown

    def test_the_old_address_of_texts_opens_the_studio(self, page, voice):
        answer = page.get("/speak/", {"voice": voice.pk})
        assert answer.url == f"/?voice={voice.pk}&way=text"
        assert 'value="text" checked' in page.get(answer.url).content.decode()

    def test_an_unknown_way_is_files(self, page, voice):
        assert 'value="files" checked' in page.get("/?way=telephone").content.decode()


class TestWithoutScripts:
    """Buttons that settle something on the page send all of it, and get all of it back."""

    def press(self, page, voice, what, **changes):
        wish = sent(voice, do=what, way="text", text="Not lost.", protect="0.2", find="tin", **changes)
        answer = page.post(HOME, wish)
        shown = answer.content.decode()
        assert answer.status_code == 200
        assert not Conversion.objects.exists()
        assert "Not lost.</textarea>" in shown
        assert 'id="id_protect" value="0.2"' in shown
        assert 'value="text" checked' in shown
        return shown

    def test_a_search_loses_nothing_but_files_and_says_so(self, page, voice):
        shown = self.press(page, voice, "find")
        assert 'value="tin"' in shown
        assert "choose yours once more" in shown
        assert "choose yours once more" not in self.press(page, voice, "find", recording="")

    def test_a_star_loses_nothing(self, page, alice, voice):
        assert 'aria-pressed="true"' in self.press(page, voice, f"star:{voice.pk}")
        self.press(page, voice, f"star:{voice.pk}")
        assert FavouriteVoice.objects.get().owner == alice, "twice is once"
        assert 'aria-pressed="true"' not in self.press(page, voice, f"unstar:{voice.pk}")
        assert not FavouriteVoice.objects.exists()

    def test_a_strangers_voice_gets_no_star(self, page, bob, voice, make_voice):
        for key in (make_voice(bob).pk, "x", ""):
            self.press(page, voice, f"star:{key}")
        assert not FavouriteVoice.objects.exists()

    def test_enter_keeps_a_named_preset_and_submits_nothing(self, page, alice, voice):
        self.press(page, voice, "enter")
        assert not Preset.objects.exists()
        assert "Kept as the preset “Songs”." in self.press(page, voice, "enter", preset_name="Songs")
        assert Preset.objects.get(owner=alice).options["protect"] == 0.2
        assert 'value="Later"' in self.press(page, voice, "find", preset_name="Later"), "a name that is half written"


class TestPresets:
    def do(self, page, voice, what, **changes):
        wish = sent(voice, do=what, **changes)
        del wish["recording"]
        return page.post(HOME, wish, headers=SCRIPT)

    def test_it_works(self, page, alice, voice):
        kept = self.do(page, voice, "preset-keep", preset_name="Songs", protect="0.2", text="Not lost.")
        preset = Preset.objects.get(owner=alice)
        assert (preset.name, preset.options["protect"], preset.options["index_rate"]) == ("Songs", 0.2, 0.75)
        assert not {"seed", "speaker"} & preset.options.keys()
        shown = kept.content.decode()
        assert "Kept as the preset “Songs”." in shown
        assert f'<option value="{preset.pk}"' in shown
        assert "Not lost.</textarea>" in shown
        assert "<html" not in shown
        used = self.do(page, voice, "preset-use", preset=preset.pk)
        assert 'id="id_protect" value="0.2"' in used.content.decode()
        self.do(page, voice, "preset-drop", preset=preset.pk)
        assert not Preset.objects.exists()
        assert not Conversion.objects.exists()

    @pytest.mark.parametrize(
        ("what", "fields", "words"),
        [
            ("preset-keep", {"preset_name": " "}, "Give the preset a name first."),
            ("preset-keep", {"preset_name": "a", "protect": "7"}, "Protect must be between"),
            ("preset-keep", {"preset_name": "Taken"}, "You have a preset of this name."),
            ("preset-use", {"preset": ""}, "Choose a preset first."),
            ("preset-drop", {"preset": "x"}, "Choose a preset first."),
        ],
    )
    def test_what_is_wrong_is_said(self, page, alice, voice, what, fields, words):
        Preset.objects.keep(alice, "Taken", {})
        answer = self.do(page, voice, what, **fields)
        assert answer.status_code == 422
        assert words in answer.content.decode()
        assert Preset.objects.count() == 1

    def test_a_strangers_preset_is_not_there(self, page, bob, voice):
        preset = Preset.objects.keep(bob, "Secret", {"protect": 0.1})
        answer = self.do(page, voice, "preset-drop", preset=preset.pk)
        assert "Secret" not in answer.content.decode()
        assert Preset.objects.exists()


def test_a_long_list_of_speakers_is_the_one_that_django_writes():
    """Ours only takes less time: with hundreds of lines a template for each was most of the page."""
    choices = [("", "Any <one>"), ("Engine & more", [("a|1", "Ada"), ("a|2", '"Ben"')]), ("b", "Cleo")]
    for chosen in ("", "a|2", None, "x"):
        ours, theirs = (
            widget(choices=choices).render("who", chosen, {"id": "id_who"}) for widget in (LongSelect, Select)
        )
        assertHTMLEqual(ours, theirs)
