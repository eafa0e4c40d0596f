from typing import Any
from uuid import UUID

from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404
from django.urls import path
from drf_spectacular.utils import extend_schema, extend_schema_field
from rest_framework import mixins, serializers, status, viewsets
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.reverse import reverse

from conversions.models import Conversion
from conversions.serializers import FailureSerializer
from conversions.sweeps.grid import COMPARED, LONGEST_SECONDS, MOST_AXES, MOST_CELLS, SHORTEST_SECONDS, USUAL_SECONDS
from conversions.sweeps.grid import Axis as AxisOfGrid
from conversions.sweeps.models import Sweep, SweepCell, SweepQuerySet
from conversions.sweeps.views import mine, serve_cell
from voiceproject.api import SOUND, AnyAccept, NewestFirst, StrictSerializer
from voiceproject.errors import Conflict
from voiceproject.numbers import NumberField
from voiceproject.once import Once
from voiceproject.parsers import JSONParser

VALUE = {"anyOf": [{"type": "number"}, {"type": "string"}]}


@extend_schema_field(VALUE)
class ValueField(serializers.Field[Any, Any, Any, Any]):
    """A number or a word, whichever the option has."""

    def to_internal_value(self, data: Any) -> Any:
        if isinstance(data, bool) or not isinstance(data, int | float | str):
            raise serializers.ValidationError("It is a number or a word.")
        return data

    def to_representation(self, value: Any) -> Any:
        return value


class AxisSerializer(StrictSerializer):
    option = serializers.ChoiceField(choices=COMPARED, source="name")
    values = serializers.ListField(child=ValueField(), min_length=1, max_length=MOST_CELLS)


class NewSweepSerializer(StrictSerializer):
    conversion = serializers.PrimaryKeyRelatedField(
        queryset=Conversion.objects.none(),
        pk_field=serializers.UUIDField(),
        help_text="Id of a finished conversion of yours: its recording, its voice, and all options that stay.",
    )
    axes = AxisSerializer(many=True, help_text=f"What is compared: at most {MOST_AXES}.")
    start = NumberField(default=0.0, min_value=0, help_text="Of the clip, in seconds.")
    seconds = NumberField(
        default=USUAL_SECONDS,
        min_value=SHORTEST_SECONDS,
        max_value=LONGEST_SECONDS,
        help_text="Length of the clip; it ends where the recording ends.",
    )

    def get_fields(self) -> dict[str, Any]:
        declared: dict[str, Any] = super().get_fields()
        if "request" in self.context:
            declared["conversion"].queryset = Conversion.objects.visible_to(self.context["request"].user)
        return declared

    def create(self, validated_data: dict[str, Any]) -> Sweep:
        axes = [AxisOfGrid(axis["name"], tuple(axis["values"])) for axis in validated_data.pop("axes")]
        return Sweep.objects.submit(validated_data.pop("conversion"), axes, **validated_data)


class CellSerializer(serializers.ModelSerializer[SweepCell]):
    number = serializers.IntegerField(read_only=True, help_text="From 1, row by row.")
    options = serializers.DictField(child=ValueField(), read_only=True)
    error = serializers.SerializerMethodField()
    result = serializers.SerializerMethodField(help_text="Address of its sound, a FLAC; null until it is there.")
    seconds = serializers.FloatField(source="result_seconds", read_only=True, allow_null=True)
    rate = serializers.IntegerField(source="result_rate", read_only=True, allow_null=True)

    class Meta:
        model = SweepCell
        fields = ("number", "options", "error", "result", "seconds", "rate")
        read_only_fields = fields

    @extend_schema_field(FailureSerializer(allow_null=True))
    def get_error(self, cell: SweepCell) -> dict[str, str] | None:
        return {"code": cell.error_code, "message": cell.error_message} if cell.error_code else None

    @extend_schema_field({"type": ["string", "null"], "format": "uri"})
    def get_result(self, cell: SweepCell) -> str | None:
        if not cell.result:
            return None
        return reverse("api:sweep-cell", args=[cell.sweep_id, cell.number], request=self.context["request"])


class SweepSerializer(serializers.ModelSerializer[Sweep]):
    progress = serializers.FloatField(read_only=True, help_text="0 to 1, over all cells.")
    error = serializers.SerializerMethodField()
    axes = AxisSerializer(many=True, read_only=True)
    cells = CellSerializer(many=True, read_only=True)

    class Meta:
        model = Sweep
        fields = (
            "id", "conversion", "state", "stage", "progress", "error", "axes", "start", "seconds", "cells",
            "created_at", "started_at", "finished_at",
        )  # fmt: skip
        read_only_fields = fields

    @extend_schema_field(FailureSerializer(allow_null=True))
    def get_error(self, sweep: Sweep) -> dict[str, str] | None:
        return {"code": sweep.error_code, "message": sweep.error_message} if sweep.error_code else None


class SweepViewSet(
    Once,
    mixins.ListModelMixin,
    mixins.RetrieveModelMixin,
    mixins.DestroyModelMixin,
    viewsets.GenericViewSet[Sweep],
):
    """Settings side by side on one clip: one job that decodes once and measures content and pitch once."""

    queryset = Sweep.objects.none()
    serializer_class = SweepSerializer
    pagination_class = NewestFirst
    parser_classes = (JSONParser,)
    content_negotiation_class = AnyAccept

    def get_queryset(self) -> SweepQuerySet:
        return mine(self.request).prefetch_related("cells")

    @extend_schema(request=NewSweepSerializer, responses={202: SweepSerializer})
    def create(self, request: Request) -> Response:
        """Compare one or two options, 2 to 12 combinations of their values; `Location` is the comparison."""
        serializer = NewSweepSerializer(data=request.data, context=self.get_serializer_context())
        serializer.is_valid(raise_exception=True)
        sweep = serializer.save()
        headers = {"Location": self.reverse_action("detail", args=[sweep.pk])}
        return Response(self.get_serializer(sweep).data, status.HTTP_202_ACCEPTED, headers=headers)

    def perform_destroy(self, instance: Sweep) -> None:
        instance.cancel()  # a worker that is busy with it stops at its next beat
        instance.delete()

    @extend_schema(request=None, responses=SweepSerializer)
    @action(detail=True, methods=["post"])
    def cancel(self, request: Request, pk: str) -> Response:
        """Stop it; the cells that are done stay. 409 when it has ended already."""
        sweep = self.get_object()
        if not sweep.cancel():
            raise Conflict
        return Response(self.get_serializer(sweep).data)

    @SOUND
    def cell(self, request: Request, pk: UUID, number: int) -> HttpResponseBase:
        """The sound of one cell; 404 while there is none."""
        return serve_cell(request._request, get_object_or_404(self.get_object().cells.all(), position=number - 1))


cell = path("sweeps/<uuid:pk>/cells/<int:number>/", SweepViewSet.as_view({"get": "cell"}), name="sweep-cell")
"""The router knows no route with two names in it."""
