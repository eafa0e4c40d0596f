"""Speech for programs: texts in, conversions out, and what can speak here."""

from typing import Any, cast
from uuid import UUID

from django.contrib.auth.models import User
from django.db.models import F
from django.http.response import HttpResponseBase
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiResponse, extend_schema, extend_schema_field
from rest_framework import mixins, serializers, status, viewsets
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.reverse import reverse
from rest_framework.views import APIView

from conversions.api import KEEPING, ConversionSerializer, NewConversionSerializer
from conversions.models import Conversion
from conversions.preferring import PREFER, patience, sound_within
from jobs.models import State
from models_app.models import VoiceModel
from models_app.voice_field import VoiceField
from rvc.options import ConversionOptions
from tts.engines.base import Engine, SpeechError
from tts.engines.registry import engines
from tts.models import WISHES, Speech, SpeechQuerySet
from tts.wishes import PAUSES, RATES, VOLUMES, Wish
from voiceproject.api import AnyAccept, NewestFirst
from voiceproject.choosing import Chosen, Filters, One
from voiceproject.numbers import NumberField
from voiceproject.once import Once

ANSWERS = {
    202: OpenApiResponse(description="Accepted; `Location` says where to watch it."),
    (200, "audio/*"): OpenApiResponse(OpenApiTypes.BINARY, "The sound, where it was done within the wait."),
}


class TextField(serializers.CharField):
    """Any text: what cannot be spoken is left out later, not refused."""

    def __init__(self, **given: Any) -> None:
        super().__init__(trim_whitespace=False, allow_blank=True, **given)
        self.validators = []


class NewSpeechSerializer(NewConversionSerializer):
    """As for a recording, with a text in its place."""

    recording = clip_start = clip_seconds = None  # type: ignore[assignment]
    text = TextField(help_text="What is to be said; an empty line ends a paragraph.")
    voice = VoiceField(  # type: ignore[assignment]
        help_text="Id or name of a voice you may use."
    )
    language = serializers.CharField(
        required=False, allow_blank=True, max_length=40, help_text="BCP 47, like `en` or `pt-BR`; guessed if left out."
    )
    engines = serializers.ListField(
        child=serializers.CharField(max_length=40),
        required=False,
        max_length=8,
        help_text="Who is to speak, in order: the next is asked where one fails. Left out, the offline ones.",
    )
    engine_speaker = serializers.CharField(
        required=False, allow_blank=True, max_length=120, help_text="A speaker of the first engine, by its id."
    )
    rate = NumberField(required=False, help_text=f"{RATES[0]:g} to {RATES[1]:g}; 1 is usual.")
    pause = NumberField(
        required=False,
        allow_null=True,
        help_text=f"Seconds between sentences, {PAUSES[0]:g} to {PAUSES[1]:g}; left out, natural pauses.",
    )
    volume = NumberField(required=False, help_text=f"{VOLUMES[0]:g} to {VOLUMES[1]:g}.")
    wait = serializers.IntegerField(
        required=False, min_value=0, help_text="Seconds to wait for the sound itself; then 202 as without."
    )

    def create(self, validated_data: dict[str, Any]) -> Speech:  # type: ignore[override]
        data = dict(validated_data)
        wish, voice, options, keeping = self.wished(data)
        return Speech.objects.submit(data["user"], voice, wish, options, **keeping)

    def wished(self, data: dict[str, Any]) -> tuple[Wish, VoiceModel, ConversionOptions, dict[str, Any]]:
        """What is to be spoken, in which voice and how, and for how long it is kept. Raises OptionError."""
        said = {name: value for name, value in data.items() if name != "user"}
        voice: VoiceModel = said.pop("voice")
        wish = {"text": ""} | {name: said.pop(name) for name in WISHES if name in said}
        keeping = {name: said.pop(name) for name in KEEPING if name in said}
        wish["engines"] = tuple(wish.get("engines", ()))
        return Wish(**wish), voice, voice.speech_options(**said), keeping


class SpeechSerializer(serializers.ModelSerializer[Speech]):
    id = serializers.UUIDField(source="pk", read_only=True, help_text="That of its conversion, too.")
    engine = serializers.CharField(read_only=True, help_text="Who spoke; empty while nobody has.")
    engines = serializers.ListField(child=serializers.CharField(), read_only=True)
    attempts = serializers.ListField(child=serializers.DictField(), read_only=True, help_text="Who could not, and why.")
    conversion = ConversionSerializer(read_only=True)

    class Meta:
        model = Speech
        fields = ("id", *WISHES, "engine", "attempts", "conversion")
        read_only_fields = fields


class EngineSpeakerSerializer(serializers.Serializer[Any]):
    id = serializers.CharField()
    name = serializers.CharField()
    language = serializers.CharField(help_text="BCP 47; empty: any.")
    gender = serializers.CharField(help_text="`male`, `female` or empty.")


class EngineSerializer(serializers.Serializer[Any]):
    name = serializers.CharField()
    label = serializers.CharField()  # type: ignore[assignment]
    online = serializers.BooleanField(help_text="Whether a text that it speaks goes to a third party.")
    usable = serializers.SerializerMethodField()
    trouble = serializers.SerializerMethodField()
    speakers = serializers.SerializerMethodField()

    def get_usable(self, engine: Engine) -> bool:
        return engine.trouble() is None

    def get_trouble(self, engine: Engine) -> str | None:
        """Why it cannot be used, and what to do."""
        trouble = engine.trouble()
        return trouble.sentence if trouble else None

    @extend_schema_field(EngineSpeakerSerializer(many=True))
    def get_speakers(self, engine: Engine) -> Any:
        try:
            return EngineSpeakerSerializer(engine.speakers(), many=True).data
        except SpeechError:
            return []


class EngineViewSet(viewsets.ViewSet):
    """The engines that speak texts on this server."""

    @extend_schema(responses=EngineSerializer(many=True))
    def list(self, request: Request) -> Response:
        """In the order in which they are offered, those that cannot be used too."""
        return Response(EngineSerializer(list(engines().values()), many=True).data)


class Accepting(Once, APIView):
    """Takes a text; answers at once, or with the sound if somebody wants to wait for it."""

    content_negotiation_class = AnyAccept

    def accept(self, request: Request) -> HttpResponseBase:
        context = {"request": request, "view": self, "format": None}
        serializer = NewSpeechSerializer(data=request.data, context=context)
        serializer.is_valid(raise_exception=True)
        wait = patience(request, serializer.validated_data.pop("wait", 0))
        speech = serializer.save(user=cast("User", request.user))
        response = sound_within(request, speech.conversion, wait)
        if response is None:
            speech = Speech.objects.select_related("conversion__owner__keeping").get(pk=speech.pk)
            response = Response(SpeechSerializer(speech, context=context).data, status.HTTP_202_ACCEPTED)
        response["Location"] = reverse("api:speech-detail", args=[speech.pk], request=request)
        return response

    def made_before(self, request: Request, pk: str) -> HttpResponseBase | None:
        made = Conversion.objects.visible_to(request.user).filter(pk=UUID(pk)).first()
        return None if made is None else sound_within(request, made, patience(request))


class SpeechPages(NewestFirst):
    ordering = ("-created_at", "conversion_id")


class SpeechViewSet(
    Accepting,
    mixins.ListModelMixin,
    mixins.RetrieveModelMixin,
    mixins.DestroyModelMixin,
    viewsets.GenericViewSet[Speech],
):
    """Your texts. Each is a conversion of the same id, which is watched, heard, cancelled and repeated under
    `/api/conversions/`."""

    queryset = Speech.objects.none()
    serializer_class = SpeechSerializer
    pagination_class = SpeechPages
    filter_backends = (Chosen,)
    filters = Filters(
        search=("text", "conversion__voice_name"),
        words="the text or the name of the voice",
        ones={
            "voice": One("conversion__voice_id", UUID, "Only those in this voice."),
            "state": One("conversion__state", State.values, "Only those in this state."),
        },
    )

    def get_queryset(self) -> SpeechQuerySet:
        rows = Speech.objects.visible_to(self.request.user).select_related("conversion__owner__keeping")
        return rows.prefetch_related("conversion__pieces").annotate(created_at=F("conversion__created_at"))

    @extend_schema(parameters=filters.parameters)
    def list(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        return super().list(request, *args, **kwargs)

    @extend_schema(request=NewSpeechSerializer, responses=ANSWERS | {202: SpeechSerializer}, parameters=[PREFER])
    def create(self, request: Request) -> HttpResponseBase:
        """Have a text spoken in a voice."""
        return self.accept(request)

    def perform_destroy(self, instance: Speech) -> None:
        """A worker that is busy with it stops at its next beat; recording and result go as well."""
        instance.conversion.cancel()
        instance.conversion.delete()


class TextToSpeechView(Accepting):
    @extend_schema(
        request=NewSpeechSerializer,
        responses=ANSWERS | {202: SpeechSerializer},
        parameters=[PREFER],
        operation_id="text_to_speech",
    )
    def post(self, request: Request) -> HttpResponseBase:
        """The same as `POST /api/speeches/`, at the address that an older front end knows."""
        return self.accept(request)
