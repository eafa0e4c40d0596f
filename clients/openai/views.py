"""OpenAI's speech: a text in a voice of this server, in its formats, whole or as it is made."""

import base64
import json
from collections.abc import Callable, Iterator
from typing import Any

from django.http import StreamingHttpResponse
from rest_framework.exceptions import NotFound
from rest_framework.request import Request
from rest_framework.response import Response

from clients.models import Submission
from clients.openai import errors
from clients.openai.serializers import SpeechSerializer
from clients.sound import Form, as_it_is_made, bytes_of, ready, whole_file
from clients.views import ClientView
from rvc.errors import RVCError
from tts.engines.registry import engines
from voiceproject.errors import status_of
from voiceproject.parsers import JSONParser

Answer = Callable[[Submission, Form], StreamingHttpResponse]

FORMS = {
    "mp3": Form("mp3", "audio/mpeg"),
    "opus": Form("opus", "audio/ogg"),
    "aac": Form("aac", "audio/aac"),
    "flac": Form("flac", "audio/flac"),
    "wav": Form("wav", "audio/wav"),
    "pcm": Form("pcm", "audio/pcm", rate=24000),
}
MEASURED = ("wav", "flac")
"""Files that say how long they are: sent whole, unless the client says that it reads them as they come."""
OURS = "rvc"
USAGE = {"input_tokens": 0, "output_tokens": 0, "total_tokens": 0}
"""Nothing is counted in tokens here."""


class OpenAIView(ClientView):
    parser_classes = (JSONParser,)

    def fault(self, status: int, code: str, message: str, field: str | None) -> tuple[int, dict[str, Any]]:
        return errors.fault(status, code, message, field)


class SpeechView(OpenAIView):
    def post(self, request: Request) -> StreamingHttpResponse:
        serializer = SpeechSerializer(data=request.data, context={"request": request, "view": self})
        serializer.is_valid(raise_exception=True)
        answer = self._answer_for(serializer.validated_data)
        form = FORMS[serializer.validated_data["response_format"]]
        return self.heard(lambda: answer(self.once(request, lambda: serializer.submit(request.user)), form))

    def _answer_for(self, wish: dict[str, Any]) -> Answer:
        if wish["stream_format"] == "sse":
            return _events
        streams = self.request.headers.get("X-Stainless-Raw-Response") == "stream"
        return whole_file if wish["response_format"] in MEASURED and not streams else as_it_is_made


def _events(submission: Submission, form: Form) -> StreamingHttpResponse:
    sounding = ready(submission, whole=False)

    def told() -> Iterator[str]:
        try:
            for data in bytes_of(submission, sounding, form):
                yield _event({"type": "speech.audio.delta", "audio": base64.b64encode(data).decode()})
        except RVCError as error:
            _, body = errors.fault(status_of(error), error.code, error.message, error.field)
            yield _event({"type": "error", **body})
        else:
            yield _event({"type": "speech.audio.done", "usage": USAGE})

    response = StreamingHttpResponse(told(), content_type="text/event-stream")
    response["Cache-Control"] = "no-store"
    response["X-Accel-Buffering"] = "no"
    return response


def _event(said: dict[str, Any]) -> str:
    return f"data: {json.dumps(said)}\n\n"


def models() -> list[dict[str, Any]]:
    """What may be named as `model`: any engine that can speak here, or ours for the usual ones."""
    names = [OURS, *(name for name, engine in engines().items() if engine.trouble() is None)]
    return [{"id": name, "object": "model", "created": 0, "owned_by": "voiceproject"} for name in names]


class ModelView(OpenAIView):
    def get(self, request: Request, model: str) -> Response:
        for known in models():
            if known["id"] == model:
                return Response(known)
        raise NotFound(f"There is no model called {model[:60]!r}.")
