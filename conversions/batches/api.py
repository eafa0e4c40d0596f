from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from django.http.response import HttpResponseBase
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiResponse, extend_schema, extend_schema_field
from rest_framework import mixins, serializers, status, viewsets
from rest_framework.decorators import action
from rest_framework.parsers import MultiPartParser
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.reverse import reverse

from conversions.api import KEEPING, ConversionSerializer, NewConversionSerializer
from conversions.batches import intake
from conversions.batches.failures import failures
from conversions.batches.intake import Wish
from conversions.batches.keeping import expires_at
from conversions.batches.models import Batch
from conversions.batches.outgoing import serve_zip
from conversions.batches.totals import total
from voiceproject.api import AnyAccept, NewestFirst, StrictSerializer
from voiceproject.choosing import Chosen, Filters, One
from voiceproject.errors import Conflict
from voiceproject.once import Once
from voiceproject.parsers import JSONParser


class CountsSerializer(serializers.Serializer[Any]):
    """Files by what became of them."""

    awaited = serializers.IntegerField(help_text="Still to be taken out of their zip.")
    queued = serializers.IntegerField(source="counts.queued")
    running = serializers.IntegerField(source="counts.running")
    done = serializers.IntegerField(source="counts.done")
    failed = serializers.IntegerField(source="counts.failed")
    cancelled = serializers.IntegerField(source="counts.cancelled")
    rejected = serializers.IntegerField(source="counts.rejected")
    refused = serializers.IntegerField(help_text="Never became a conversion.")
    lost = serializers.IntegerField(help_text="Not taken out of their zip, because that was stopped or failed.")


class BatchSerializer(serializers.ModelSerializer[Batch]):
    state = serializers.CharField(
        source="totals.state", read_only=True, help_text="open (no files yet), queued, running or ended."
    )
    progress = serializers.FloatField(
        source="totals.progress", read_only=True, help_text="0 to 1, over all; each recording counts by its length."
    )
    files = serializers.IntegerField(source="size", read_only=True, help_text="That were sent, the refused too.")
    counts = CountsSerializer(source="totals", read_only=True)
    expires_at = serializers.SerializerMethodField(
        help_text="When all that is left of it is deleted; null: it stays for now."
    )
    conversions = serializers.SerializerMethodField(help_text="Where its conversions are listed.")
    zip = serializers.SerializerMethodField(help_text="All results that there are, and a report.")

    class Meta:
        model = Batch
        fields: tuple[str, ...] = (
            "id", "name", "voice", "voice_name", "state", "progress", "files", "counts", "conversions", "zip",
            "keep_days", "delete_after_download", "created_at", "ended_at", "expires_at",
        )  # fmt: skip
        read_only_fields = fields

    @extend_schema_field(OpenApiTypes.URI)
    def get_conversions(self, batch: Batch) -> str:
        return reverse("api:conversion-list", request=self.context["request"]) + f"?batch={batch.pk}"

    def get_expires_at(self, batch: Batch) -> datetime | None:
        return expires_at(batch)

    @extend_schema_field(OpenApiTypes.URI)
    def get_zip(self, batch: Batch) -> str:
        return reverse("api:batch-zip", args=[batch.pk], request=self.context["request"])


class FailedFileSerializer(serializers.Serializer[Any]):
    file = serializers.CharField()
    state = serializers.CharField()
    code = serializers.CharField()
    message = serializers.CharField(source="sentence")
    conversion = serializers.UUIDField(allow_null=True, help_text="Null where it became none.")


class WholeBatchSerializer(BatchSerializer):
    failures = serializers.SerializerMethodField(help_text="Every file that brought no result, and why.")

    class Meta(BatchSerializer.Meta):
        fields = (*BatchSerializer.Meta.fields, "failures")
        read_only_fields = fields

    @extend_schema_field(FailedFileSerializer(many=True))
    def get_failures(self, batch: Batch) -> Any:
        return FailedFileSerializer(failures(batch), many=True).data


class NewBatchSerializer(NewConversionSerializer):
    recording = serializers.ListField(  # type: ignore[assignment]
        child=serializers.FileField(allow_empty_file=True),
        required=False,
        help_text="Recordings and zips of recordings, as often as you like; left out, they follow one by one.",
    )
    clip_start = clip_seconds = None  # type: ignore[assignment]
    name = serializers.CharField(required=False, max_length=120, help_text="Left out, that of the zip.")

    def create(self, validated_data: dict[str, Any]) -> Batch:  # type: ignore[override]
        user, voice = validated_data.pop("user"), validated_data.pop("voice")
        files, name = validated_data.pop("recording", []), validated_data.pop("name", "")
        keeping = {name: validated_data.pop(name) for name in KEEPING if name in validated_data}
        wish = Wish(voice, voice.options(**validated_data), keeping)
        return Batch.objects.submit(user, wish, intake.look(files), name)


class BatchFileSerializer(StrictSerializer):
    recording = serializers.FileField(allow_empty_file=True)


class BatchViewSet(
    Once, mixins.ListModelMixin, mixins.RetrieveModelMixin, mixins.DestroyModelMixin, viewsets.GenericViewSet[Batch]
):
    """Your batches: many recordings in, one zip out."""

    queryset = Batch.objects.none()
    serializer_class = WholeBatchSerializer
    pagination_class = NewestFirst
    filter_backends = (Chosen,)
    filters = Filters(
        ("name", "voice_name"), "its name or that of the voice", {"voice": One("voice_id", UUID, "Only in this voice.")}
    )
    parser_classes = (MultiPartParser, JSONParser)

    def get_queryset(self) -> QuerySet[Batch]:
        return Batch.objects.visible_to(self.request.user).select_related("owner__keeping")

    @extend_schema(responses=BatchSerializer(many=True), parameters=filters.parameters)
    def list(self, request: Request) -> Response:
        page = self.paginate_queryset(self.filter_queryset(self.get_queryset())) or []
        total(page)
        return self.get_paginated_response(BatchSerializer(page, many=True, context=self.get_serializer_context()).data)

    @extend_schema(request={"multipart/form-data": NewBatchSerializer}, responses={202: WholeBatchSerializer})
    def create(self, request: Request) -> Response:
        """Send recordings, or zips of them. Each becomes a conversion; those that cannot are listed as `failures`."""
        serializer = NewBatchSerializer(data=request.data, context=self.get_serializer_context())
        serializer.is_valid(raise_exception=True)
        batch: Any = serializer.save(user=request.user)
        location = self.reverse_action("detail", args=[batch.pk])
        return Response(self.get_serializer(batch).data, status.HTTP_202_ACCEPTED, headers={"Location": location})

    def perform_destroy(self, instance: Batch) -> None:
        instance.remove()

    @extend_schema(request={"multipart/form-data": BatchFileSerializer}, responses={202: ConversionSerializer})
    @action(detail=True, methods=["post"])
    def files(self, request: Request, pk: str) -> Response:
        """One recording more, converted as the others; what is wrong with it is told at once, and nothing is kept."""
        serializer = BatchFileSerializer(data=request.data)
        batch = self.get_object()
        serializer.is_valid(raise_exception=True)
        conversion = batch.add(serializer.validated_data["recording"])
        context = self.get_serializer_context()
        return Response(ConversionSerializer(conversion, context=context).data, status.HTTP_202_ACCEPTED)

    @extend_schema(request=None, responses=WholeBatchSerializer)
    @action(detail=True, methods=["post"])
    def cancel(self, request: Request, pk: str) -> Response:
        """Stop all of it that waits or runs; what is done stays. 409 when nothing does."""
        batch = self.get_object()
        if not batch.cancel():
            raise Conflict("Nothing of it waits or runs.")
        return Response(self.get_serializer(batch).data)

    @extend_schema(request=None, responses=WholeBatchSerializer)
    @action(detail=True, methods=["post"])
    def retry(self, request: Request, pk: str) -> Response:
        """Queue all that failed or was cancelled once more; 409 when there is nothing to."""
        batch = self.get_object()
        if not batch.retry():
            raise Conflict("Nothing of it failed or was cancelled.")
        return Response(self.get_serializer(batch).data)

    @extend_schema(
        responses={
            (200, "application/octet-stream"): OpenApiResponse(OpenApiTypes.BINARY, "A zip, without compression.")
        }
    )
    @action(detail=True, content_negotiation_class=AnyAccept)
    def zip(self, request: Request, pk: str) -> HttpResponseBase:
        """All results that there are now, and `report.csv` on every file. Nothing is stored for it."""
        return serve_zip(self.get_object(), fetched=True)
