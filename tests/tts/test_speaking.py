"""Texts become sound in a voice, with the real engine and the real pipeline on a tiny voice."""

import io

import numpy as np
import pytest
import soundfile
from django.utils.module_loading import import_string

from conversions.models import Conversion, Kind, Piece
from jobs.models import State
from jobs.quotas import usage
from tests import base
from tts import tasks
from tts.engines.base import Engine, Speaker, Trouble
from tts.engines.registry import engine
from tts.engines.sound import Sound
from tts.models import Speech

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("encoder", "own_folder")]
TWO = "The first sentence is here, and it is long enough to stand alone in the very first passage of this text.\n\nBye."


def run(speech):
    import_string(speech.conversion.task)(str(speech.pk))  # as a worker that gets a hint
    return fresh(speech)


def fresh(speech):
    return Speech.objects.select_related("conversion").get(pk=speech.pk)


def sound(file):
    return soundfile.read(io.BytesIO(file.read()), dtype="float32")


def kept(conversion):
    files = [conversion.source, conversion.result, conversion.picture, conversion.voice.file]
    files += [conversion.voice.index_file, *(piece.file for piece in conversion.pieces.all())]
    return {f"files/{file.name}" for file in files if file}


def of_people(names):
    return {name for name in names if name.startswith(("files/", "work/", "quarantine/", "uploads/"))}


class Whistle(Engine):
    """Speaks in tones, half a second for each word; `broken` words are more than it can take."""

    name, label = "whistle", "Whistle"
    rate = 16000

    def trouble(self):
        return None

    def speakers(self):
        return (Speaker("one", "One", ""),)

    def _say(self, utterance, folder, timeout):
        from tts.engines.base import SpeechError

        if "broken" in utterance.text:
            raise SpeechError("engine_failed", "It broke.")
        time = np.arange(self.rate * len(utterance.text.split()) // 2) / self.rate
        samples = (0.3 * np.sin(2 * np.pi * 220 * time) * (0.6 + 0.4 * np.sin(9 * time))).astype(np.float32)
        quiet = np.zeros(self.rate // 2, np.float32)
        return Sound(np.concatenate((quiet, samples, quiet)), self.rate)


class Hoarse(Whistle):
    name, label = "hoarse", "Hoarse"

    def trouble(self):
        return Trouble("engine_unavailable", "It has a cold.")


@pytest.fixture
def whistle(settings, monkeypatch):
    from tts.engines import registry

    engines = {"whistle": Whistle(), "hoarse": Hoarse()}
    for name in engines:
        monkeypatch.setitem(registry.PLACES, name, "tests")
    made = registry._made
    monkeypatch.setattr(registry, "_made", lambda name: engines.get(name) or made(name))
    settings.TTS_ENGINES = ["whistle", "hoarse", "pyttsx3"]
    return engines["whistle"]


def test_it_works(submit, alice):
    speech = submit(TWO)
    guessed = speech.conversion.source_seconds
    assert speech.conversion.kind == Kind.SPEECH
    speech = run(speech)
    conversion = speech.conversion
    assert (conversion.state, conversion.error_message) == (State.DONE, "")
    assert (speech.engine, speech.attempts, speech.language) == ("pyttsx3", [], "en")
    result, rate = sound(conversion.result)
    source, source_rate = sound(conversion.source)
    assert rate == conversion.result_rate == 40000
    assert len(result) / rate == pytest.approx(len(source) / source_rate, abs=1e-3)
    assert conversion.source_seconds == pytest.approx(len(source) / source_rate)
    assert guessed / 2 < conversion.source_seconds < 2 * guessed
    assert usage(alice).minutes * 60 == pytest.approx(conversion.source_seconds)
    assert (np.isfinite(result).all(), np.abs(result).max() > 0) == (True, True)
    assert conversion.stored_bytes == sum(
        file.size for file in (conversion.source, conversion.result, conversion.picture)
    )
    measured = conversion.facts["sound"]
    assert measured["source"]["seconds"] == pytest.approx(measured["result"]["seconds"], abs=1e-3)
    assert measured["source"]["pitch"]["median_hz"] > 50
    assert conversion.source_name.startswith("The first sentence is here, and")
    assert conversion.result_name.endswith("… - Tiny.wav")
    facts = conversion.facts
    assert (facts["pieces"], facts["speech"]["engines"]) == (2, {"pyttsx3": 2})
    assert facts["speech"]["first_piece_seconds"] > 0
    assert {"speak", "f0", "content", "synthesis", "encode"} <= set(facts["timings"])
    assert of_people(base.files_left()) == kept(conversion)


def test_the_pieces_are_the_result_sample_by_sample(submit, whistle):
    conversion = run(submit(TWO)).conversion
    pieces = [sound(piece.file)[0] for piece in conversion.pieces.all()]
    assert len(pieces) == 2
    result, rate = sound(conversion.result)
    assert np.array_equal(np.concatenate(pieces), result)
    assert sum(piece.seconds for piece in conversion.pieces.all()) == pytest.approx(len(result) / rate)


def test_silence_is_ours_and_edges_are_soft(submit, whistle):
    conversion = run(submit("Two words.\n\nThree more words.", pause=0.5)).conversion
    source, rate = sound(conversion.source)
    assert len(source) / rate == pytest.approx(1.1 + 1.0 + 1.6, abs=0.02), "50 ms stay of half a second"
    result, rate = sound(conversion.result)
    silence = np.abs(result[round(1.11 * rate) : round(2.09 * rate)])
    assert silence.max() == 0, "a pause is silent whatever the voice makes of silence"
    assert abs(result[0]) < 1e-3
    assert abs(result[-1]) < 1e-3


def test_the_same_wish_gives_the_same_bytes(submit, whistle):
    first, second = (run(submit("One two. Three four.", options={"seed": 11})).conversion for _ in range(2))
    assert first.result.read() == second.result.read()


def test_the_next_engine_speaks_and_it_is_said(submit, whistle):
    speech = run(submit(engines=("hoarse", "whistle")))
    assert speech.engine == "whistle"
    assert [attempt["code"] for attempt in speech.attempts] == ["engine_unavailable"]
    assert speech.conversion.warnings[0] == "hoarse could not speak, whistle did: It has a cold."


def test_an_engine_that_breaks_off_is_replaced_for_the_rest(submit, whistle):
    speech = run(submit("This goes well.\n\nThis is broken.\n\nAnd on.", engines=("whistle", "pyttsx3"), pause=0.1))
    assert speech.conversion.state == State.DONE
    assert speech.conversion.facts["speech"]["engines"] == {"whistle": 1, "pyttsx3": 2}
    assert (speech.engine, [attempt["engine"] for attempt in speech.attempts]) == ("pyttsx3", ["whistle"])


def test_the_only_engine_that_was_named_is_never_replaced(submit, whistle):
    speech = run(submit("This is broken.", engines=("whistle",)))
    assert (speech.conversion.state, speech.conversion.error_code) == (State.FAILED, "engine_failed")
    assert not speech.conversion.source
    assert of_people(base.files_left()) == kept(speech.conversion)


def test_what_says_nothing_within_a_text_is_left_out(submit, whistle):
    assert run(submit("One.\n\n---\n\n…\n\nTwo.")).conversion.facts["pieces"] == 2


def test_it_is_converted_again_without_an_engine(submit, whistle, api, alice):
    speech = run(submit("Four words of whistle."))
    whistle.rate = 0  # it would raise
    answer = api(alice).post(f"/api/conversions/{speech.pk}/again/", {"pitch_shift": 3})
    assert answer.status_code == 202
    again = Conversion.objects.get(pk=answer.json()["id"])
    import_string(again.task)(str(again.pk))
    again.refresh_from_db()
    assert (again.kind, again.state, again.pitch_shift) == (Kind.RECORDING, State.DONE, 3)
    assert again.source.read() == speech.conversion.source.read()


def test_a_killed_attempt_begins_anew(submit, whistle, monkeypatch, django_capture_on_commit_callbacks):
    speech = submit("One two.\n\nThree four.\n\nFive six.", options={"seed": 5})
    publish, count = Piece.objects.add, []

    def killed_at_the_second(*args, **given):
        count.append(publish(*args, **given))
        if len(count) == 2:
            Conversion.objects.running().take_back("killed")
            raise KeyboardInterrupt
        return count[-1]

    monkeypatch.setattr(Piece.objects, "add", killed_at_the_second)
    with pytest.raises(KeyboardInterrupt):
        tasks.speak(str(speech.pk))
    assert Piece.objects.count() == 2
    heard = [sound(piece.file)[0] for piece in Piece.objects.all()]
    with django_capture_on_commit_callbacks(execute=True):
        conversion = run(speech).conversion
    assert (conversion.state, conversion.attempt, conversion.pieces.count()) == (State.DONE, 2, 3)
    again = [sound(piece.file)[0] for piece in conversion.pieces.all()]
    assert all(np.array_equal(*pair) for pair in zip(heard, again, strict=False)), "a listener hears no break"
    assert of_people(base.files_left()) == kept(conversion)


def test_a_cancelled_speech_stops_and_leaves_nothing_but_what_was_heard(submit, whistle, monkeypatch):
    speech = submit("One two.\n\nThree four.")
    publish = Piece.objects.add

    def cancel_after(*args, **given):
        piece = publish(*args, **given)
        Conversion.objects.get().cancel()
        return piece

    monkeypatch.setattr(Piece.objects, "add", cancel_after)
    conversion = run(speech).conversion
    assert (conversion.state, conversion.pieces.count()) == (State.CANCELLED, 1)
    assert of_people(base.files_left()) == kept(conversion)


def test_a_result_that_comes_too_late_is_dropped(submit, whistle, monkeypatch):
    stored = tasks.stored

    def lose_the_lease(conversion, files):
        names = stored(conversion, files)
        Conversion.objects.update(token="another")
        return names

    monkeypatch.setattr(tasks, "stored", lose_the_lease)
    conversion = run(submit("One two.")).conversion
    assert (conversion.state, bool(conversion.result)) == (State.RUNNING, False)
    assert of_people(base.files_left()) == kept(conversion)


def test_a_text_that_takes_too_long_is_told(submit, whistle, settings):
    settings.MAX_RECORDING_SECONDS = 2
    conversion = run(submit("One two three four five six seven.")).conversion
    assert (conversion.state, conversion.error_code) == (State.FAILED, "text_too_long")


def test_a_voice_that_is_not_shared_any_more_is_not_used(submit, whistle, voice, bob):
    speech = submit("One two.", user=bob)
    conversion = run(speech).conversion
    assert (conversion.state, conversion.error_code) == (State.REJECTED, "voice_not_shared")


def test_everything_goes_with_the_conversion(submit, whistle, django_capture_on_commit_callbacks):
    speech = run(submit("One two."))
    with django_capture_on_commit_callbacks(execute=True):
        speech.conversion.delete()
    assert (Speech.objects.count(), Piece.objects.count()) == (0, 0)
    assert not any("sources" in name or "results" in name or "pieces" in name for name in base.files_left())


def test_the_default_engine_is_there():
    assert engine("pyttsx3").trouble() is None
