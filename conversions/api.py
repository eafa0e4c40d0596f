from dataclasses import asdict
from typing import Any
from uuid import UUID

from django.db import transaction
from django.http.response import HttpResponseBase
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import mixins, serializers, status, viewsets
from rest_framework.decorators import action
from rest_framework.exceptions import ValidationError
from rest_framework.parsers import MultiPartParser
from rest_framework.request import Request
from rest_framework.response import Response

from conversions import clips
from conversions.choosing import PARAMETERS, chosen
from conversions.events import serve_events
from conversions.files import serve_result, serve_source
from conversions.formats import FORMATS
from conversions.keeping import LONGEST_DAYS
from conversions.models import OPTION_NAMES, Conversion, ConversionQuerySet
from conversions.option_fields import option_field
from conversions.pictures import PICTURE, serve_picture
from conversions.preferring import PREFER, patience, sound_within
from conversions.presets import Preset
from conversions.serializers import ConversionSerializer
from conversions.streaming import serve_stream
from jobs.estimates import foresee
from jobs.quotas import admit_again
from models_app.models import VoiceModel
from rvc.errors import RVCError
from voiceproject.api import SOUND, STREAM, AnyAccept, NewestFirst, StrictSerializer
from voiceproject.errors import Conflict
from voiceproject.numbers import NumberField
from voiceproject.once import Once
from voiceproject.parsers import JSONParser

__all__ = ("KEEPING", "ConversionSerializer", "ConversionViewSet", "NewConversionSerializer")

KEEPING = ("keep_days", "delete_after_download")
CLIP = ("clip_start", "clip_seconds")
FORMAT = OpenApiParameter("format", enum=list(FORMATS), description="Left out, the format that it is stored in.")


class NewConversionSerializer(StrictSerializer):
    voice = serializers.PrimaryKeyRelatedField(
        queryset=VoiceModel.objects.none(), pk_field=serializers.UUIDField(), help_text="Id of a voice you may use."
    )
    recording = serializers.FileField(allow_empty_file=True, help_text="Speech or singing, in any usual format.")
    keep_days = serializers.IntegerField(
        required=False,
        allow_null=True,
        min_value=0,
        max_value=LONGEST_DAYS,
        help_text="Days after its end when it is deleted; 0: never. Left out, as you or the server keep things.",
    )
    delete_after_download = serializers.BooleanField(
        required=False, help_text="Delete it ten minutes after the whole result was fetched."
    )

    clip_start = NumberField(
        required=False, min_value=0, help_text="Where a preview begins, in seconds of the recording."
    )
    clip_seconds = NumberField(
        required=False,
        min_value=clips.SHORTEST,
        max_value=clips.LONGEST,
        help_text="Convert only so much of it, to hear the settings; left out, all of it.",
    )
    preset = serializers.SlugRelatedField(
        queryset=Preset.objects.none(),
        slug_field="name",
        required=False,
        help_text="Name of a preset of yours, for the options that are left out.",
    )

    def get_fields(self) -> dict[str, Any]:
        declared: dict[str, Any] = super().get_fields()
        if "request" in self.context:
            declared["voice"].queryset = VoiceModel.objects.visible_to(self.context["request"].user)
            declared["preset"].queryset = Preset.objects.visible_to(self.context["request"].user)
        return {**declared, **{name: option_field(name) for name in OPTION_NAMES}}

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        preset = attrs.pop("preset", None)
        if "clip_start" in attrs:
            attrs.setdefault("clip_seconds", clips.USUAL_SECONDS)
        return attrs if preset is None else {**preset.options, **attrs}

    def create(self, validated_data: dict[str, Any]) -> Conversion:
        user, voice = validated_data.pop("user"), validated_data.pop("voice")
        recording = validated_data.pop("recording")
        keeping = {name: validated_data.pop(name) for name in (*KEEPING, *CLIP) if name in validated_data}
        return Conversion.objects.submit(user, voice, recording, voice.options(**validated_data), **keeping)


class AgainSerializer(NewConversionSerializer):
    """What is to be other than before; what is left out stays, the seed too, but of a preview all is converted."""

    recording = None  # type: ignore[assignment]

    def get_fields(self) -> dict[str, Any]:
        fields = super().get_fields()
        fields["voice"].required = False
        return fields

    def save(self, **known: Any) -> Conversion:
        before: Conversion = known["before"]
        wish = {**asdict(before.options), **{name: getattr(before, name) for name in KEEPING}, **self.validated_data}
        visible = VoiceModel.objects.visible_to(before.owner)
        voice = wish.pop("voice", None) or visible.filter(conversions=before).first()
        if voice is None:
            message = f"The voice {before.voice_name} is not there any more, or not shared with you: choose another."
            raise RVCError("voice_deleted", message, field="voice")
        with before.recording() as recording:
            return self.create({**wish, "user": before.owner, "voice": voice, "recording": recording})


class ConversionViewSet(
    Once,
    mixins.ListModelMixin,
    mixins.RetrieveModelMixin,
    mixins.DestroyModelMixin,
    viewsets.GenericViewSet[Conversion],
):
    """Your conversions: submit a recording, watch it, fetch the result."""

    queryset = Conversion.objects.none()
    serializer_class = ConversionSerializer
    pagination_class = NewestFirst
    parser_classes = (MultiPartParser, JSONParser)
    content_negotiation_class = AnyAccept

    def get_queryset(self) -> ConversionQuerySet:
        mine = Conversion.objects.visible_to(self.request.user).with_end().prefetch_related("pieces")
        return chosen(mine, self.request.query_params) if self.action == "list" else mine

    @extend_schema(parameters=PARAMETERS)
    def list(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        return super().list(request, *args, **kwargs)

    def paginate_queryset(self, queryset: Any) -> Any:
        page = super().paginate_queryset(queryset)
        foresee(page or ())
        return page

    @extend_schema(
        request={"multipart/form-data": NewConversionSerializer},
        responses={202: ConversionSerializer, (200, "audio/*"): OpenApiTypes.BINARY},
        parameters=[PREFER],
    )
    def create(self, request: Request) -> HttpResponseBase:
        """Submit a recording. The answer comes at once, or with the sound if you wait; `Location` is the conversion."""
        serializer = NewConversionSerializer(data=request.data, context=self.get_serializer_context())
        serializer.is_valid(raise_exception=True)
        return self._accepted(request, serializer.save(user=request.user))

    def _accepted(self, request: Request, conversion: Conversion) -> HttpResponseBase:
        response = sound_within(request, conversion, patience(request))
        response = response or Response(self.get_serializer(conversion).data, status.HTTP_202_ACCEPTED)
        response["Location"] = self.reverse_action("detail", args=[conversion.pk])
        return response

    def made_before(self, request: Request, pk: str) -> HttpResponseBase | None:
        made = Conversion.objects.visible_to(request.user).filter(pk=UUID(pk)).first()
        return None if made is None else sound_within(request, made, patience(request))

    @extend_schema(request=AgainSerializer, responses={202: ConversionSerializer})
    @action(detail=True, methods=["post"])
    def again(self, request: Request, pk: str) -> HttpResponseBase:
        """Convert the same recording once more, in another voice or with other options where some are sent."""
        serializer = AgainSerializer(data=request.data, context=self.get_serializer_context())
        serializer.is_valid(raise_exception=True)
        return self._accepted(request, serializer.save(before=self.get_object()))

    @extend_schema(request=None, responses=ConversionSerializer)
    @action(detail=True, methods=["post"])
    def cancel(self, request: Request, pk: str) -> Response:
        """Stop a conversion that waits or runs; 409 when it has ended already."""
        conversion = self.get_object()
        if not conversion.cancel():
            raise Conflict
        return Response(self.get_serializer(conversion).data)

    @extend_schema(request=None, responses=ConversionSerializer)
    @action(detail=True, methods=["post"])
    def retry(self, request: Request, pk: str) -> Response:
        """Queue a conversion that did not succeed once more; 409 when it waits, runs or is done."""
        conversion = self.get_object()
        with transaction.atomic():
            admit_again(conversion)
            queued = conversion.retry()
        if not queued:
            raise Conflict("Only a conversion that did not succeed can be tried again.")
        return Response(self.get_serializer(conversion).data)

    @SOUND
    @action(detail=True)
    def source(self, request: Request, pk: str) -> HttpResponseBase:
        """The recording as it was submitted."""
        return serve_source(request._request, self.get_object())

    @PICTURE
    @action(detail=True)
    def picture(self, request: Request, pk: str) -> HttpResponseBase:
        """Spectra and pitch of recording and result, as one grey PNG; 404 until it is done."""
        return serve_picture(request._request, self.get_object())

    @STREAM
    @action(detail=True)
    def stream(self, request: Request, pk: str) -> HttpResponseBase:
        """What there is of the result, then what follows until the conversion ends: a WAV that says no length.

        Texts come passage by passage, recordings of more than 41 s in pieces of about 38 s, others at their end. The
        pieces are the result, unless a loud one is lowered as a whole in the end; once it is done this is the result.
        """
        return serve_stream(request._request, self.get_object())

    @extend_schema(responses={(200, "text/event-stream"): OpenApiTypes.STR})
    @action(detail=True)
    def events(self, request: Request, pk: str) -> HttpResponseBase:
        """Server-sent events: `progress` with the conversion whenever it has moved, `end` with its last state.

        One request lasts two minutes at most; ask again then. 429 where too many listen.
        """
        return serve_events(request, self.get_object(), lambda conversion: self.get_serializer(conversion).data)

    @SOUND
    @extend_schema(parameters=[FORMAT])
    @action(detail=True)
    def result(self, request: Request, pk: str) -> HttpResponseBase:
        """The converted sound; 404 until it is done.

        In another `format` than the stored one it is made while you wait, and comes whole: only what is stored answers
        `Range`. 429 with `Retry-After` where too many files are being made.
        """
        wanted = request.query_params.get("format", "")
        if wanted and wanted not in FORMATS:
            raise ValidationError({"format": f"It is one of {', '.join(FORMATS)}."})
        return serve_result(request._request, self.get_object(), fetched=True, wanted=wanted)
