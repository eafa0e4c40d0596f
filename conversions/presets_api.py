from typing import Any, cast

from drf_spectacular.utils import extend_schema, extend_schema_field
from rest_framework import mixins, serializers, status, viewsets
from rest_framework.parsers import FormParser
from rest_framework.request import Request
from rest_framework.response import Response

from conversions.models import OPTION_NAMES
from conversions.option_fields import option_field
from conversions.presets import Preset, PresetQuerySet
from voiceproject.api import NewestFirst, StrictSerializer
from voiceproject.choosing import Chosen, Filters
from voiceproject.once import Once
from voiceproject.parsers import JSONParser, MultiPartParser


class PresetOptionsSerializer(StrictSerializer):
    """Any options of a conversion."""

    def get_fields(self) -> dict[str, Any]:
        return {name: option_field(name) for name in OPTION_NAMES}


class NewPresetSerializer(StrictSerializer):
    name = serializers.CharField(max_length=80, help_text="By which conversions ask for it.")
    options = PresetOptionsSerializer()


AS_JSON = {"application/json": NewPresetSerializer}
"""Forms are taken too, but say options within options in a way that no description can."""


class PresetSerializer(serializers.ModelSerializer[Preset]):
    options = serializers.SerializerMethodField()

    class Meta:
        model = Preset
        fields = ("id", "name", "options", "created_at")
        read_only_fields = fields

    @extend_schema_field(PresetOptionsSerializer)
    def get_options(self, preset: Preset) -> Any:
        return preset.options


class PresetViewSet(
    Once,
    mixins.ListModelMixin,
    mixins.RetrieveModelMixin,
    mixins.DestroyModelMixin,
    viewsets.GenericViewSet[Preset],
):
    """Options under names of your own, which `preset` of a conversion, a batch or a speech stands for."""

    queryset = Preset.objects.none()
    serializer_class = PresetSerializer
    pagination_class = NewestFirst
    filter_backends = (Chosen,)
    filters = Filters(("name",), "its name")
    parser_classes = (JSONParser, FormParser, MultiPartParser)

    def get_queryset(self) -> PresetQuerySet:
        return Preset.objects.visible_to(self.request.user)

    @extend_schema(parameters=filters.parameters)
    def list(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        return super().list(request, *args, **kwargs)

    @extend_schema(request=AS_JSON, responses={201: PresetSerializer})
    def create(self, request: Request) -> Response:
        wish = self._wish(request)
        preset = Preset.objects.keep(cast(Any, request.user), wish["name"], wish["options"])
        headers = {"Location": self.reverse_action("detail", args=[preset.pk])}
        return Response(self.get_serializer(preset).data, status.HTTP_201_CREATED, headers=headers)

    @extend_schema(request=AS_JSON, responses=PresetSerializer)
    def partial_update(self, request: Request, pk: str) -> Response:
        """Another name, or other options in place of all that it has."""
        preset = self.get_object()
        wish = {"name": preset.name, "options": preset.options, **self._wish(request, partial=True)}
        preset.change(wish["name"], wish["options"])
        return Response(self.get_serializer(preset).data)

    def _wish(self, request: Request, *, partial: bool = False) -> dict[str, Any]:
        serializer = NewPresetSerializer(data=request.data, partial=partial)
        serializer.is_valid(raise_exception=True)
        return cast("dict[str, Any]", serializer.validated_data)
