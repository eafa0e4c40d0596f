"""The two calls that an older front end makes after an upload: have it converted, and fetch the result by a name."""

from typing import Any, ClassVar, cast
from uuid import UUID

from django.http import Http404
from django.http.response import HttpResponseBase
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiResponse, extend_schema, extend_schema_field
from rest_framework import serializers, status
from rest_framework.parsers import FormParser, MultiPartParser
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.reverse import reverse
from rest_framework.views import APIView

from conversions.api import ConversionSerializer, NewConversionSerializer
from conversions.files import serve_result
from conversions.models import Conversion
from conversions.preferring import PREFER, patience, sound_within
from conversions.uploads.models import Upload, is_path
from models_app.voice_field import VoiceField
from rvc.errors import RVCError
from voiceproject.api import SOUND, AnyAccept
from voiceproject.once import Once
from voiceproject.parsers import JSONParser

OLDER_NAMES = {
    "model": "voice",
    "pitch": "pitch_shift",
    "f0_up_key": "pitch_shift",
    "rms_mix_rate": "loudness_mix",
    "resample_sr": "output_rate",
}
"""What is called otherwise by programs that were written for other servers of RVC voices."""


SERVER_PATH_OF_VOICE = "This is a path, and no voice is called so: name a voice as GET /api/voices/ does."


@extend_schema_field({"type": "string"})
class UploadField(serializers.Field):  # type: ignore[type-arg]
    """An upload of whoever asks, by the name that it got here. Raises RVCError("server_path")."""

    default_error_messages: ClassVar[dict[str, Any]] = {"does_not_exist": "The filename was not found."}

    def to_internal_value(self, data: Any) -> Any:
        mine = Upload.objects.visible_to(self.context["request"].user)
        upload = mine.called(data if isinstance(data, str) else "")
        return upload or self.fail("does_not_exist")


class ProcessSerializer(NewConversionSerializer):
    """As for a recording that comes with the request, with the name of an upload in its place."""

    recording = None  # type: ignore[assignment]
    filename = UploadField(help_text="Of an upload of yours, as `/api/uploads/` named it.")
    voice = VoiceField(  # type: ignore[assignment]
        help_text="Id or name of a voice you may use."
    )
    index = serializers.BooleanField(required=False, default=True, help_text="false: without the index of the voice.")

    def to_internal_value(self, data: Any) -> Any:
        if not hasattr(data, "items"):
            return super().to_internal_value(data)
        said = {OLDER_NAMES.get(name, name): value for name, value in data.items()}
        if len(said) < len(data):
            raise serializers.ValidationError({"non_field_errors": "One thing is said under two names."})
        try:
            return super().to_internal_value(said)
        except serializers.ValidationError:
            if is_path(str(said.get("voice", ""))):
                raise RVCError("server_path", SERVER_PATH_OF_VOICE, field="voice") from None
            raise

    def create(self, validated_data: dict[str, Any]) -> Conversion:
        if not validated_data.pop("index"):
            validated_data["index_rate"] = 0.0
        with validated_data.pop("filename").recording() as recording:
            return super().create({**validated_data, "recording": recording})


class ProcessedSerializer(ConversionSerializer):
    filename = serializers.SerializerMethodField(help_text="Of the result, for `/api/download/`.")
    download = serializers.SerializerMethodField(help_text="Where the result is, once it is done.")

    class Meta(ConversionSerializer.Meta):
        fields = (*ConversionSerializer.Meta.fields, "filename", "download")
        read_only_fields = fields

    def get_filename(self, conversion: Conversion) -> str:
        return f"{conversion.pk.hex}.{conversion.extension}"

    def get_download(self, conversion: Conversion) -> str:
        return reverse("api:download", args=[self.get_filename(conversion)], request=self.context["request"])


class ProcessView(Once, APIView):
    parser_classes = (JSONParser, FormParser, MultiPartParser)
    content_negotiation_class = AnyAccept

    @extend_schema(
        request=ProcessSerializer,
        responses={202: ProcessedSerializer, (200, "audio/*"): OpenApiResponse(OpenApiTypes.BINARY, "The sound.")},
        parameters=[PREFER],
        operation_id="process",
    )
    def post(self, request: Request) -> HttpResponseBase:
        """Have an upload converted: `POST /api/conversions/` for a front end that sends the recording beforehand."""
        context = {"request": request, "view": self, "format": None}
        serializer = ProcessSerializer(data=request.data, context=context)
        serializer.is_valid(raise_exception=True)
        conversion = cast(Conversion, serializer.save(user=request.user))
        response = sound_within(request, conversion, patience(request))
        if response is None:
            response = Response(ProcessedSerializer(conversion, context=context).data, status.HTTP_202_ACCEPTED)
        response["Location"] = reverse("api:conversion-detail", args=[conversion.pk], request=request)
        return response

    def made_before(self, request: Request, pk: str) -> HttpResponseBase | None:
        made = Conversion.objects.visible_to(request.user).filter(pk=UUID(pk)).first()
        return None if made is None else sound_within(request, made, patience(request))


class DownloadView(APIView):
    content_negotiation_class = AnyAccept

    @SOUND
    @extend_schema(operation_id="download")
    def get(self, request: Request, filename: str) -> HttpResponseBase:
        """A result by the `filename` that `POST /api/process` told; 404 until it is done."""
        stem, _, extension = filename.partition(".")
        try:
            rows = Conversion.objects.visible_to(request.user).filter(pk=UUID(hex=stem))
        except ValueError as error:
            raise Http404 from error
        conversion = rows.first()
        if conversion is None or extension != conversion.extension:
            raise Http404
        return serve_result(request._request, conversion, fetched=True)
