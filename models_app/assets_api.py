from typing import TYPE_CHECKING, Any, cast

from django.http import Http404
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import permissions, serializers, status, viewsets
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from models_app.assets import asset_lines, may_fetch
from models_app.models import AssetFetch
from rvc.assets import ASSETS, AssetState
from voiceproject.errors import Conflict

if TYPE_CHECKING:
    from django.contrib.auth.models import User


class MayFetch(permissions.BasePermission):
    def has_permission(self, request: Request, view: APIView) -> bool:
        return may_fetch(request.user)


class AssetFetchSerializer(serializers.ModelSerializer[AssetFetch]):
    progress = serializers.FloatField(read_only=True, help_text="0 to 1.")

    class Meta:
        model = AssetFetch
        fields = (
            "id", "verify", "state", "progress", "bytes_done", "bytes_total", "error_code", "error_message",
            "created_at",
        )  # fmt: skip
        read_only_fields = fields


class AssetSerializer(serializers.Serializer[Any]):
    name = serializers.CharField(source="status.name")
    purpose = serializers.CharField(source="status.purpose")
    licence = serializers.CharField(source="status.licence")
    state = serializers.ChoiceField(
        source="status.state",
        choices=[str(state) for state in AssetState],
        help_text="`recorded`: nobody published its SHA-256, the one seen first is held on to.",
    )
    installed = serializers.BooleanField(source="status.installed")
    size_bytes = serializers.IntegerField(source="status.size", help_text="On disk, or to fetch while it is missing.")
    fetchable = serializers.BooleanField(source="status.fetchable", help_text="Whether the hub has it.")
    fetch = AssetFetchSerializer(allow_null=True, help_text="The last download of it, if there was one.")


class AssetViewSet(viewsets.ViewSet):
    """The pretrained files of this server: what each is for, and whether it is here."""

    serializer_class = AssetSerializer

    @extend_schema(responses=AssetSerializer(many=True))
    def list(self, request: Request) -> Response:
        """All of them; there are few, so there are no pages."""
        return Response(AssetSerializer(asset_lines(), many=True).data)

    @extend_schema(
        request=None,
        responses={202: AssetSerializer},
        parameters=[OpenApiParameter("id", str, OpenApiParameter.PATH, description="Name of the asset.")],
    )
    @action(detail=True, methods=["post"], permission_classes=[permissions.IsAuthenticated, MayFetch])
    def fetch(self, request: Request, pk: str) -> Response:
        """Download one, for staff who may; 409 when it is here already. The list says how far it is."""
        if pk not in ASSETS:
            raise Http404
        line = _line(pk)
        if line.status.installed:
            raise Conflict("It is installed already.")
        AssetFetch.objects.submit(pk, by=cast("User", request.user))
        return Response(AssetSerializer(_line(pk)).data, status.HTTP_202_ACCEPTED)


def _line(name: str) -> Any:
    return next(line for line in asset_lines() if line.name == name)
