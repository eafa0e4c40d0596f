"""What ElevenLabs' calls wish, in the words of this server."""

import json
import tempfile
import wave
from typing import Any

from django.contrib.auth.models import User
from django.core.files import File
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request

from clients.sound import Form
from clients.voices import NamedVoice, voice_named
from conversions import recordings
from conversions.api import NewConversionSerializer
from conversions.models import Conversion
from rvc.errors import RVCError
from tts.api import NewSpeechSerializer
from tts.engines.registry import engines

FORMS = {
    **{f"mp3_{rate}_{kbps}": Form("mp3", "audio/mpeg", rate, kbps * 1000)
       for rate, several in ((22050, (32,)), (24000, (48,)), (44100, (32, 64, 96, 128, 192))) for kbps in several},
    **{f"opus_48000_{kbps}": Form("opus", "audio/ogg", 48000, kbps * 1000) for kbps in (32, 64, 96, 128, 192)},
    **{f"{kind}_{rate}": Form(kind, f"audio/{kind}", rate)
       for kind in ("pcm", "wav") for rate in (8000, 16000, 22050, 24000, 32000, 44100, 48000)},
    "ulaw_8000": Form("ulaw", "audio/basic", 8000),
    "alaw_8000": Form("alaw", "audio/x-alaw-basic", 8000),
}  # fmt: skip
USUAL_FORM = "mp3_44100_128"
SETTINGS = {"similarity_boost": "index_rate", "stability": "loudness_mix", "speed": "rate"}
"""How strongly the voice's own recordings colour it; how even its loudness is; how quick an engine speaks."""
PASSED_OVER = {"style", "use_speaker_boost", "clone_strength"}
SAID = {"text", "model_id", "language_code", "voice_settings", "seed"}
WITHOUT_EFFECT = {
    "previous_text", "next_text", "previous_request_ids", "next_request_ids", "use_pvc_as_ivc",
    "apply_text_normalization", "apply_language_text_normalization",
}  # fmt: skip
REFUSED = {"pronunciation_dictionary_locators", "audio_effects"}
"""What would be heard, and cannot be had here."""
SENT = {"audio", "model_id", "voice_settings", "seed", "remove_background_noise", "file_format"}
RAW = "pcm_s16le_16"
RAW_RATE = 16000


def form_of(request: Request) -> Form:
    name = request.query_params.get("output_format") or USUAL_FORM
    if name not in FORMS:
        raise ValidationError({"output_format": f"This must be one of {', '.join(FORMS)}."})
    return FORMS[name]


def keeping(request: Request) -> dict[str, bool]:
    """Without logging a result goes ten minutes after it was fetched."""
    return {"delete_after_download": True} if request.query_params.get("enable_logging") == "false" else {}


def settings_of(said: Any) -> dict[str, Any]:
    if not isinstance(said, dict):
        raise ValidationError({"voice_settings": "This must be an object."})
    _only(said, {*SETTINGS} | PASSED_OVER)
    return {ours: said[theirs] for theirs, ours in SETTINGS.items() if said.get(theirs) is not None}


def _only(said: Any, known: set[str]) -> None:
    for name in said:
        if name not in known:
            raise ValidationError({str(name)[:60]: "This field is not known here."})


def _texts(said: Any, names: set[str]) -> None:
    """A file may be sent under any name, and JSON of any kind."""
    for name in names & set(said):
        if not isinstance(said[name], str):
            raise ValidationError({name: "This must be a text."})


class SpeechWish(NewSpeechSerializer):
    voice = NamedVoice()


def speech_wish(request: Request, voice: str, **more: Any) -> SpeechWish:
    """The checked wish of a text. more: what stands in no field of theirs. Raises ValidationError."""
    if not isinstance(request.data, dict):
        raise ValidationError({"text": "The body must be an object."})
    said = {name: value for name, value in request.data.items() if value is not None}
    for name in REFUSED & {name for name, value in said.items() if value}:
        raise ValidationError({name: "This cannot be had here: leave it out."})
    _only(said, SAID | WITHOUT_EFFECT | REFUSED)
    _texts(said, {"model_id"})
    wish = {"voice": voice, "text": said.get("text", ""), **settings_of(said.get("voice_settings", {}))}
    wish |= {ours: said[theirs] for theirs, ours in (("language_code", "language"), ("seed", "seed")) if theirs in said}
    if (model := said.get("model_id")) in engines():
        wish["engines"] = [model]
    serializer = SpeechWish(data={**wish, **more, **keeping(request)}, context={"request": request})
    serializer.is_valid(raise_exception=True)
    return serializer


def speak(serializer: SpeechWish, user: User) -> Conversion:
    return serializer.create({**serializer.validated_data, "user": user}).conversion


class RecordingWish(NewConversionSerializer):
    """A recording that was looked at before the transaction that keeps it begins."""

    def look(self) -> None:
        self.facts = recordings.probe(self.validated_data["recording"])

    def submit(self, user: User) -> Conversion:
        wish = dict(self.validated_data)
        voice, recording = wish.pop("voice"), wish.pop("recording")
        kept = {"delete_after_download": wish.pop("delete_after_download", False)}
        return Conversion.objects.submit(user, voice, recording, voice.options(**wish), self.facts, **kept)


def recording_wish(request: Request, voice: str) -> RecordingWish:
    """The checked wish of a recording. Raises ValidationError, and AudioError for one that cannot be used."""
    found = voice_named(request, voice)
    said: Any = request.data
    _only(said, SENT)
    _texts(said, SENT - {"audio"})
    if said.get("remove_background_noise", "false").lower() == "true":
        raise RVCError("not_supported", "Noise is not taken out here: send a recording without.", field="audio")
    wish: dict[str, Any] = {"voice": str(found.pk), **_sent_settings(said), **keeping(request)}
    wish.pop("rate", None)  # a recording has its own
    if said.get("seed"):
        wish["seed"] = said["seed"]
    if "audio" in said:
        wish["recording"] = with_header(said["audio"]) if said.get("file_format") == RAW else said["audio"]
    serializer = RecordingWish(data=wish, context={"request": request})
    serializer.is_valid(raise_exception=True)
    serializer.look()
    return serializer


def _sent_settings(said: Any) -> dict[str, Any]:
    try:
        return settings_of(json.loads(said.get("voice_settings") or "{}"))
    except ValueError as error:  # RecursionError is told by the border
        raise ValidationError({"voice_settings": "This must be an object, as JSON."}) from error


def with_header(upload: Any) -> Any:
    """Samples alone, 16 kHz and 16 bit, as a recording."""
    if not hasattr(upload, "chunks"):
        return upload  # the field says what is wrong
    whole = tempfile.TemporaryFile()  # noqa: SIM115 - open until the request is answered
    with wave.open(whole, "wb") as sound:
        sound.setnchannels(1)
        sound.setsampwidth(2)
        sound.setframerate(RAW_RATE)
        for block in upload.chunks():
            sound.writeframesraw(block)
    whole.seek(0)
    return File(whole, name="recording.wav")
