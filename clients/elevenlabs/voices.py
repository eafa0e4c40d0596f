"""ElevenLabs' list of voices: the voices that somebody may use here."""

from typing import Any

from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response

from clients.elevenlabs.shapes import voice_settings, voice_shape
from clients.elevenlabs.views import ElevenView
from clients.voices import voice_named
from models_app.finding import Wish, find
from models_app.models import VoiceModel
from models_app.serializers import NewVoiceSerializer
from rvc.errors import RVCError

MOST = 100
USUAL = 10
NO_CLONING = (
    "Voices are not made of recordings here: send a trained RVC voice as a .pth, .safetensors, .onnx or .zip file, "
    "and its .index besides."
)
ENDINGS = (".pth", ".pt", ".safetensors", ".onnx", ".zip")


def rows(request: Request, wish: Wish) -> Any:
    return find(request.user, wish).prefetch_related("tags")  # type: ignore[arg-type]  # nobody else gets here


class VoicesView(ElevenView):
    def get(self, request: Request) -> Response:
        """All of them, as the older of the two calls wants it."""
        voices = rows(request, Wish(order="name"))
        return Response({"voices": [voice_shape(voice, request) for voice in voices]})


class VoicePagesView(ElevenView):
    def get(self, request: Request) -> Response:
        asked = request.query_params
        size, start = _number(asked, "page_size", USUAL), _number(asked, "next_page_token", 0)
        order = "name" if asked.get("sort") == "name" else "new"
        found = rows(request, Wish(search=asked.get("search", "").replace("\0", ""), order=order))
        page = list(found[start : start + min(size, MOST) + 1])
        shown, more = page[: min(size, MOST)], len(page) > min(size, MOST)
        return Response(
            {
                "voices": [voice_shape(voice, request) for voice in shown],
                "has_more": more,
                "total_count": found.count(),
                "next_page_token": str(start + len(shown)) if more else None,
            }
        )


def _number(asked: Any, name: str, usual: int) -> int:
    text = asked.get(name) or str(usual)
    if not text.isdecimal() or len(text) > 9:
        raise ValidationError({name: "This must be a whole number."})
    return int(text)


class VoiceView(ElevenView):
    def get(self, request: Request, voice: str) -> Response:
        return Response(voice_shape(voice_named(request, voice), request))

    def delete(self, request: Request, voice: str) -> Response:
        """One's own; another's is not there."""
        found = voice_named(request, voice)
        if not found.editable_by(self.person):
            raise RVCError("not_found", "The voice was not found.", field="voice")
        found.remove(self.person)
        return Response({"status": "ok"})


class VoiceSettingsView(ElevenView):
    def get(self, request: Request, voice: str) -> Response:
        return Response(voice_settings(voice_named(request, voice)))


class UsualSettingsView(ElevenView):
    def get(self, request: Request) -> Response:
        usual = VoiceModel(recommended={})
        return Response(voice_settings(usual))


class AddVoiceView(ElevenView):
    def post(self, request: Request) -> Response:
        """A trained voice and its index among `files`; recordings to make one of are refused."""
        said: Any = request.data
        files = said.getlist("files") if hasattr(said, "getlist") else []
        index = next((file for file in files if _ends(file, (".index",))), None)
        voices = [file for file in files if _ends(file, ENDINGS)]
        if len(voices) != 1 or len(files) != 1 + (index is not None):
            raise RVCError("not_supported", NO_CLONING, field="files")
        wish = {"checkpoint": voices[0], "name": said.get("name"), "description": said.get("description")}
        wish |= {"index": index, "consent_statement": said.get("consent_statement")}
        serializer = NewVoiceSerializer(data={name: value for name, value in wish.items() if value is not None})
        serializer.is_valid(raise_exception=True)
        voice = serializer.save(owner=self.person, by=self.person)
        return Response({"voice_id": str(voice.pk), "requires_verification": False})


def _ends(file: Any, endings: tuple[str, ...]) -> bool:
    return hasattr(file, "chunks") and str(file.name).lower().endswith(endings)
