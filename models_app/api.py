from typing import Any

from django.db.models import QuerySet
from django.http.response import HttpResponseBase
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiResponse, extend_schema, extend_schema_field
from rest_framework import mixins, serializers, status, viewsets
from rest_framework.decorators import action
from rest_framework.parsers import JSONParser, MultiPartParser
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.reverse import reverse

from models_app.exports import serve_export
from models_app.forms import name_from_file
from models_app.models import Visibility, VoiceModel
from models_app.previews import serve_preview
from voiceproject.api import SOUND, AnyAccept, NewestFirst, StrictSerializer
from voiceproject.files import BINARY


class FoundSerializer(serializers.Serializer[Any]):
    name = serializers.CharField()
    bytes = serializers.IntegerField()
    kind = serializers.ChoiceField(choices=("voice", "index", "other"))
    taken = serializers.BooleanField()
    why = serializers.CharField(help_text="Why it was taken or passed over.")
    sha256 = serializers.CharField(allow_blank=True, help_text="Of what was taken.")


class ReportSerializer(serializers.Serializer[Any]):
    zip = serializers.BooleanField(help_text="Whether the upload was an archive.")
    sha256 = serializers.CharField(help_text="Of the uploaded file.")
    files = FoundSerializer(many=True)


DOWNLOAD = extend_schema(
    responses={(200, BINARY): OpenApiResponse(OpenApiTypes.BINARY, "The file, as an attachment.")},
)


class VoiceSerializer(StrictSerializer, serializers.ModelSerializer[VoiceModel]):
    owner = serializers.CharField(source="owner.username", default=None, read_only=True, allow_null=True)
    editable = serializers.SerializerMethodField(help_text="Whether you may change or delete it.")
    needs = serializers.CharField(
        source="missing_asset", read_only=True, allow_null=True, help_text="The content encoder that is not installed."
    )
    has_index = serializers.BooleanField(read_only=True)
    preview = serializers.SerializerMethodField(help_text="Address of a sentence in this voice; null until it is made.")
    report = serializers.SerializerMethodField(help_text="What was found in the upload; for its owner alone.")

    class Meta:
        model = VoiceModel
        fields = (
            "id", "name", "description", "visibility", "owner", "editable", "version", "f0", "sample_rate", "speakers",
            "encoder", "needs", "state", "state_message", "preview", "has_index", "licence", "origin", "quality",
            "recommended", "report", "size_bytes", "created_at",
        )  # fmt: skip
        read_only_fields = tuple(name for name in fields if name not in ("name", "description", "visibility"))

    def get_editable(self, voice: VoiceModel) -> bool:
        return voice.editable_by(self.context["request"].user)

    @extend_schema_field(serializers.URLField(allow_null=True))
    def get_preview(self, voice: VoiceModel) -> str | None:
        return reverse("api:voice-preview", args=[voice.pk], request=self.context["request"]) if voice.preview else None

    @extend_schema_field(ReportSerializer(allow_null=True))
    def get_report(self, voice: VoiceModel) -> dict[str, Any] | None:
        return voice.report if voice.report and self.get_editable(voice) else None


class NewVoiceSerializer(StrictSerializer):
    checkpoint = serializers.FileField(allow_empty_file=True, help_text="A .pth, .safetensors or .zip file.")
    index = serializers.FileField(
        required=False, allow_empty_file=True, help_text="The .index file that came with the voice."
    )
    name = serializers.CharField(max_length=120, required=False, help_text="Left out, the file's name is used.")
    description = serializers.CharField(max_length=2000, required=False, allow_blank=True)
    visibility = serializers.ChoiceField(choices=Visibility.choices, required=False, default=Visibility.PRIVATE)

    def create(self, validated_data: dict[str, Any]) -> VoiceModel:
        validated_data.setdefault("name", name_from_file(validated_data["checkpoint"].name))
        return VoiceModel.objects.add(**validated_data)


class VoiceViewSet(
    mixins.ListModelMixin,
    mixins.RetrieveModelMixin,
    mixins.UpdateModelMixin,
    mixins.DestroyModelMixin,
    viewsets.GenericViewSet[VoiceModel],
):
    """Your voices, and those that everyone on this server may use."""

    queryset = VoiceModel.objects.none()
    serializer_class = VoiceSerializer
    pagination_class = NewestFirst
    parser_classes = (MultiPartParser, JSONParser)
    http_method_names = ("get", "post", "patch", "delete", "head", "options")

    def get_queryset(self) -> QuerySet[VoiceModel]:
        voices = VoiceModel.objects.select_related("owner")
        if self.action in ("partial_update", "destroy"):
            return voices.editable_by(self.request.user)
        if self.action in ("pth", "safetensors", "index"):
            return voices.exportable_by(self.request.user)
        return voices.visible_to(self.request.user)

    @extend_schema(request={"multipart/form-data": NewVoiceSerializer}, responses={201: VoiceSerializer})
    def create(self, request: Request) -> Response:
        """Upload a voice. It is checked at once; nothing is kept of a file that is not a voice."""
        serializer = NewVoiceSerializer(data=request.data)
        serializer.is_valid(raise_exception=True)
        voice = serializer.save(owner=request.user)
        location = self.reverse_action("detail", args=[voice.pk])
        return Response(self.get_serializer(voice).data, status.HTTP_201_CREATED, headers={"Location": location})

    @SOUND
    @action(detail=True, content_negotiation_class=AnyAccept)
    def preview(self, request: Request, pk: str) -> HttpResponseBase:
        """A sentence in this voice; 404 until it is made."""
        return serve_preview(request._request, self.get_object())

    @DOWNLOAD
    @action(detail=True, url_path="export/pth", content_negotiation_class=AnyAccept)
    def pth(self, request: Request, pk: str) -> HttpResponseBase:
        """The voice as RVC WebUI and Applio open it; for its owner and for staff."""
        return serve_export(self.get_object(), "pth")

    @DOWNLOAD
    @action(detail=True, url_path="export/safetensors", content_negotiation_class=AnyAccept)
    def safetensors(self, request: Request, pk: str) -> HttpResponseBase:
        """The voice as it is kept here; for its owner and for staff."""
        return serve_export(self.get_object(), "safetensors")

    @DOWNLOAD
    @action(detail=True, url_path="export/index", content_negotiation_class=AnyAccept)
    def index(self, request: Request, pk: str) -> HttpResponseBase:
        """The index as faiss opens it, 404 without one; for the owner and for staff."""
        return serve_export(self.get_object(), "index")
