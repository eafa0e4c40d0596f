"""ElevenLabs' sound: texts and recordings in a voice of this server; and who asks."""

from collections.abc import Sequence
from typing import Any, ClassVar

from django.http import StreamingHttpResponse
from rest_framework.parsers import BaseParser, MultiPartParser
from rest_framework.request import Request
from rest_framework.response import Response

from clients.elevenlabs import errors, shapes, timestamps, wishes
from clients.models import Submission
from clients.sound import Form, as_it_is_made, whole_file
from clients.views import ClientView
from tts.wishes import USUAL_PAUSE
from voiceproject.parsers import JSONParser


class ElevenView(ClientView):
    parser_classes: Sequence[type[BaseParser]] = (JSONParser, MultiPartParser)

    def fault(self, status: int, code: str, message: str, field: str | None) -> tuple[int, dict[str, Any]]:
        return errors.fault(status, code, message, field)


class SoundView(ElevenView):
    streamed = False
    """Whether the first sound leaves before the last is made."""

    def made(self, submission: Submission, form: Form) -> StreamingHttpResponse:
        return (as_it_is_made if self.streamed else whole_file)(submission, form)

    def answer(self, submission: Submission, form: Form) -> StreamingHttpResponse:
        response = self.made(submission, form)
        response["history-item-id"] = str(submission.conversion_id)
        return response


class TextView(SoundView):
    parser_classes = (JSONParser,)
    more: ClassVar[dict[str, Any]] = {}

    def post(self, request: Request, voice: str) -> StreamingHttpResponse:
        form, wish = wishes.form_of(request), wishes.speech_wish(request, voice, **self.more)
        return self.heard(lambda: self.answer(self.once(request, lambda: wishes.speak(wish, self.person)), form))


class RecordingView(SoundView):
    parser_classes = (MultiPartParser,)

    def post(self, request: Request, voice: str) -> StreamingHttpResponse:
        form, wish = wishes.form_of(request), wishes.recording_wish(request, voice)
        return self.heard(lambda: self.answer(self.once(request, lambda: wish.submit(self.person)), form))


class TimestampsView(TextView):
    """Each sentence is spoken by itself, so that it is known when it begins and ends."""

    more: ClassVar[dict[str, Any]] = {"pause": USUAL_PAUSE}

    def made(self, submission: Submission, form: Form) -> StreamingHttpResponse:
        return (timestamps.as_it_is_made if self.streamed else timestamps.whole)(submission, form)


class ModelsView(ElevenView):
    def get(self, request: Request) -> Response:
        return Response(shapes.model_shapes())


class UserView(ElevenView):
    def get(self, request: Request) -> Response:
        return Response(shapes.user_shape(self.person))


class SubscriptionView(ElevenView):
    def get(self, request: Request) -> Response:
        return Response(shapes.subscription_shape(self.person))
