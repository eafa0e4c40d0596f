from typing import Any

from drf_spectacular.utils import extend_schema, extend_schema_field
from rest_framework import mixins, serializers, status, viewsets
from rest_framework.decorators import action
from rest_framework.parsers import FormParser, MultiPartParser
from rest_framework.request import Request
from rest_framework.response import Response

from jobs.models import State
from models_app import addresses
from models_app.models import VoiceImport
from models_app.models.importing import VoiceImportQuerySet
from voiceproject.api import NewestFirst, StrictSerializer
from voiceproject.choosing import Chosen, Filters, One
from voiceproject.errors import Conflict
from voiceproject.once import Once
from voiceproject.parsers import JSONParser

KEY_GONE = "Its address held a key, which is not kept: ask for the voice again."


class AddressField(serializers.CharField):
    """Judged as it stands, whatever it holds: `url_not_allowed` comes before any rule about lengths and signs."""

    def to_internal_value(self, data: Any) -> str:
        return str(addresses.check(str(data), field=str(self.field_name)) and data)


class NewImportSerializer(StrictSerializer):
    url = AddressField(help_text="A file, or a repository page of the model hub.")
    index_url = AddressField(required=False, allow_blank=True, help_text="The .index file that belongs to it.")
    name = serializers.CharField(
        max_length=120, required=False, allow_blank=True, help_text="Left out, the file's name is used."
    )
    sha256 = serializers.CharField(
        max_length=80, required=False, allow_blank=True, help_text="Of the file; another one is refused."
    )
    index_sha256 = serializers.CharField(
        max_length=80, required=False, allow_blank=True, help_text="Of the index; another one is refused."
    )
    consent_statement = serializers.CharField(
        max_length=2000, required=False, allow_blank=True, help_text="Why you may use this voice."
    )

    def create(self, validated_data: dict[str, Any]) -> VoiceImport:
        return VoiceImport.objects.submit(**validated_data)


class CandidateSerializer(serializers.Serializer[Any]):
    path = serializers.CharField()
    bytes = serializers.IntegerField()
    url = serializers.CharField()
    sha256 = serializers.CharField(allow_blank=True, help_text="As the hub states it.")
    index_path = serializers.CharField(allow_blank=True)
    index_url = serializers.CharField(allow_blank=True)
    index_sha256 = serializers.CharField(allow_blank=True)


class ImportFailureSerializer(serializers.Serializer[Any]):
    code = serializers.CharField()
    message = serializers.CharField()


class ImportSerializer(serializers.ModelSerializer[VoiceImport]):
    position = serializers.IntegerField(read_only=True, allow_null=True, help_text="Place in the queue, from 1.")
    progress = serializers.FloatField(read_only=True, help_text="0 to 1, over the whole import.")
    error = serializers.SerializerMethodField()
    found = CandidateSerializer(
        many=True, read_only=True, help_text="Voices of a repository: import one of them by its `url`."
    )

    class Meta:
        model = VoiceImport
        fields = (
            "id", "url", "index_url", "name", "sha256", "index_sha256", "state", "stage", "progress", "position",
            "bytes_done", "bytes_total", "error", "found", "voice", "created_at", "started_at", "finished_at",
        )  # fmt: skip
        read_only_fields = fields

    @extend_schema_field(ImportFailureSerializer(allow_null=True))
    def get_error(self, job: VoiceImport) -> dict[str, str] | None:
        return {"code": job.error_code, "message": job.error_message} if job.error_code else None


class ImportViewSet(
    Once,
    mixins.ListModelMixin,
    mixins.RetrieveModelMixin,
    mixins.DestroyModelMixin,
    viewsets.GenericViewSet[VoiceImport],
):
    """Voices that you asked to be brought from addresses."""

    queryset = VoiceImport.objects.none()
    serializer_class = ImportSerializer
    pagination_class = NewestFirst
    filter_backends = (Chosen,)
    filters = Filters(
        ("name", "url"), "the name or the address", {"state": One("state", State.values, "Only those in this state.")}
    )
    parser_classes = (JSONParser, FormParser, MultiPartParser)

    def get_queryset(self) -> VoiceImportQuerySet:
        return VoiceImport.objects.visible_to(self.request.user)

    @extend_schema(parameters=filters.parameters)
    def list(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        return super().list(request, *args, **kwargs)

    @extend_schema(request=NewImportSerializer, responses={202: ImportSerializer})
    def create(self, request: Request) -> Response:
        """Ask for a voice from an address. The answer comes at once; `Location` says where to watch the import."""
        serializer = NewImportSerializer(data=request.data)
        serializer.is_valid(raise_exception=True)
        job = serializer.save(user=request.user)
        location = self.reverse_action("detail", args=[job.pk])
        return Response(self.get_serializer(job).data, status.HTTP_202_ACCEPTED, headers={"Location": location})

    def destroy(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Forget an import that has ended; its voice stays. 409 while it waits or runs."""
        if not self.get_object().remove():
            raise Conflict("It waits or runs: cancel it first.")
        return Response(status=status.HTTP_204_NO_CONTENT)

    @extend_schema(request=None, responses=ImportSerializer)
    @action(detail=True, methods=["post"])
    def cancel(self, request: Request, pk: str) -> Response:
        """Stop an import that waits or runs; 409 when it has ended already."""
        job = self.get_object()
        if not job.cancel():
            raise Conflict
        return Response(self.get_serializer(job).data)

    @extend_schema(request=None, responses=ImportSerializer)
    @action(detail=True, methods=["post"])
    def retry(self, request: Request, pk: str) -> Response:
        """Queue an import that did not succeed once more; 409 when it waits, runs, is done, or had a key."""
        job = self.get_object()
        if job.is_cut:
            raise Conflict(KEY_GONE)
        VoiceImport.objects.check_room(job.owner)
        if not job.retry():
            raise Conflict("Only an import that did not succeed can be tried again.")
        return Response(self.get_serializer(job).data)
