"""ElevenLabs' sound: texts and recordings in a voice of this server; and who asks."""

from collections.abc import Sequence
from typing import Any

from django.http import StreamingHttpResponse
from rest_framework.parsers import BaseParser, MultiPartParser
from rest_framework.request import Request
from rest_framework.response import Response

from clients.elevenlabs import errors, shapes, wishes
from clients.models import Submission
from clients.sound import Form, as_it_is_made, whole_file
from clients.views import ClientView
from rvc.errors import RVCError
from voiceproject.parsers import JSONParser


class ElevenView(ClientView):
    parser_classes: Sequence[type[BaseParser]] = (JSONParser, MultiPartParser)

    def fault(self, status: int, code: str, message: str, field: str | None) -> tuple[int, dict[str, Any]]:
        return errors.fault(status, code, message, field)


class SoundView(ElevenView):
    streamed = False
    """Whether the first sound leaves before the last is made."""

    def answer(self, submission: Submission, form: Form) -> StreamingHttpResponse:
        response = (as_it_is_made if self.streamed else whole_file)(submission, form)
        response["history-item-id"] = str(submission.conversion_id)
        return response


class TextView(SoundView):
    parser_classes = (JSONParser,)

    def post(self, request: Request, voice: str) -> StreamingHttpResponse:
        form, wish = wishes.form_of(request), wishes.speech_wish(request, voice)
        return self.heard(lambda: self.answer(self.once(request, lambda: wishes.speak(wish, self.person)), form))


class RecordingView(SoundView):
    def post(self, request: Request, voice: str) -> StreamingHttpResponse:
        form, wish = wishes.form_of(request), wishes.recording_wish(request, voice)
        return self.heard(lambda: self.answer(self.once(request, lambda: wish.submit(self.person)), form))


class TimestampsView(ElevenView):
    def post(self, request: Request, voice: str) -> Response:
        """Engines do not say when they said which character, and a guess would not be honest."""
        raise RVCError("not_supported", "There are no timestamps here: ask for the sound alone.", field="timestamps")


class ModelsView(ElevenView):
    def get(self, request: Request) -> Response:
        return Response(shapes.model_shapes())


class UserView(ElevenView):
    def get(self, request: Request) -> Response:
        return Response(shapes.user_shape(self.person))


class SubscriptionView(ElevenView):
    def get(self, request: Request) -> Response:
        return Response(shapes.subscription_shape(self.person))
