"""Where both clients ask for models and want different answers: ElevenLabs' shows its key in a header of its own."""

from typing import Any

from rest_framework.request import Request
from rest_framework.response import Response

from clients.elevenlabs import errors as elevenlabs
from clients.elevenlabs.shapes import model_shapes
from clients.openai import errors as openai
from clients.openai.views import models
from clients.views import ClientView


class ModelsView(ClientView):
    @property
    def theirs(self) -> bool:
        return "xi-api-key" in self.request.headers

    def get(self, request: Request) -> Response:
        return Response(model_shapes() if self.theirs else {"object": "list", "data": models()})

    def fault(self, status: int, code: str, message: str, field: str | None) -> tuple[int, dict[str, Any]]:
        fault = elevenlabs.fault if self.theirs else openai.fault
        return fault(status, code, message, field)
