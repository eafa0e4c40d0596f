"""What an engine says is brought to where the voice usually speaks, once for the whole text."""

import numpy as np
import pytest
from django.core.management import call_command
from django.utils.module_loading import import_string

from conversions.templatetags.options import ShownOption
from models_app.models import VoiceModel
from tts.engines.base import Engine, Speaker
from tts.engines.sound import Sound
from tts.forms import SpeechForm
from tts.models import Speech

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("encoder", "own_folder")]
TWO = "The first sentence is here, and it is long enough to stand alone in the very first passage of this text.\n\nBye."
THREE_ABOVE = 220 * 2 ** (3 / 12)


class Singer(Engine):
    """A second of 220 Hz for what begins with The, of 330 Hz for anything else."""

    name, label = "singer", "Singer"

    def trouble(self):
        return None

    def speakers(self):
        return (Speaker("one", "One", ""),)

    def _say(self, utterance, folder, timeout):
        time = np.arange(16000) / 16000
        hertz = 220 if utterance.text.startswith("The") else 330
        return Sound((0.3 * np.sin(2 * np.pi * hertz * time) * (0.6 + 0.4 * np.sin(9 * time))).astype("f4"), 16000)


@pytest.fixture
def singer(settings, monkeypatch):
    from tts.engines import registry

    made, one = registry._made, Singer()
    monkeypatch.setitem(registry.PLACES, "singer", "tests")
    monkeypatch.setattr(registry, "_made", lambda name: one if name == "singer" else made(name))
    settings.TTS_ENGINES = ["singer"]


@pytest.fixture
def known(voice):
    VoiceModel.objects.filter(pk=voice.pk).update(usual_f0=THREE_ABOVE)
    voice.refresh_from_db()
    return voice


@pytest.mark.usefixtures("singer")
def test_what_the_first_passage_was_moved_by_holds_for_all(known, submit):
    speech = submit(TWO, voice=known, options={"pitch_mode": "auto", "f0_method": "dio"})
    import_string(speech.conversion.task)(str(speech.pk))
    facts = Speech.objects.get().conversion.facts
    assert (facts["pieces"], facts["pitch_shift"]) == (2, 3.0), "by itself the second would go down by four"


@pytest.mark.usefixtures("singer")
def test_programs_have_it_without_asking(known, alice, api):
    client = api(alice)

    def made(address="/api/speeches/", **sent):
        answer = client.post(address, {"voice": str(known.pk), "text": "Hello.", **sent}, format="json")
        assert answer.status_code == 202, answer.json()
        conversion = answer.json()["conversion"]
        return conversion["pitch_mode"], conversion["pitch_shift"]

    assert made() == made("/api/text-to-speech") == ("auto", 0.0)
    assert made(pitch_shift=-2) == ("shift", -2.0)
    assert made(pitch_mode="shift") == ("shift", 0.0)
    VoiceModel.objects.update(usual_f0=None)
    assert made() == ("shift", 0.0)
    refused = client.post("/api/speeches/", {"voice": str(known.pk), "text": "Hello.", "pitch_mode": "auto"})
    assert refused.json()["error"]["code"] == "needs_usual_pitch"


@pytest.mark.usefixtures("singer")
def test_the_form_leaves_it_to_the_voice(known, alice):
    option = ShownOption(SpeechForm(user=alice)["pitch_mode"])
    assert option.choices[0] == ("", "Automatic where the voice's usual pitch is known", "")
    assert (option.value, option.default) == ("", "")
    form = SpeechForm({"voice": known.pk, "text": "Hello.", "pitch_shift": "0", "pitch_mode": ""}, user=alice)
    assert form.is_valid(), form.errors
    assert form.speak().conversion.pitch_mode == "auto"


@pytest.mark.usefixtures("singer", "staff")
def test_so_does_the_command_line(known, tmp_path, monkeypatch):
    from tts.management.commands.speak import Command

    monkeypatch.setattr(Command, "_wait", lambda *given: None)
    monkeypatch.setattr(Command, "_deliver", lambda *given: None)
    for flags, mode in (
        ((), "auto"),
        (("--pitch", "auto"), "auto"),
        (("--pitch", "0", "--pitch-mode", "shift"), "shift"),
    ):
        call_command("speak", "Hello.", str(tmp_path / "out.wav"), "--voice", "tiny", *flags)
        assert Speech.objects.latest("conversion__created_at").conversion.pitch_mode == mode
