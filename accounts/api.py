from typing import TYPE_CHECKING, Any, cast

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.parsers import FormParser, JSONParser, MultiPartParser
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from conversions.keeping import LONGEST_DAYS
from voiceproject.api import StrictSerializer
from voiceproject.models import Keeping

if TYPE_CHECKING:
    from django.contrib.auth.models import User


class MeSerializer(StrictSerializer):
    username = serializers.CharField(read_only=True)
    keep_days = serializers.IntegerField(
        allow_null=True,
        min_value=0,
        max_value=LONGEST_DAYS,
        help_text="Days after its end when a conversion is deleted; 0: never; null: as the server does.",
    )


class MeView(APIView):
    """You, and what you wish of all that is yours."""

    parser_classes = (JSONParser, FormParser, MultiPartParser)

    @extend_schema(responses=MeSerializer)
    def get(self, request: Request) -> Response:
        return Response(_shown(cast("User", request.user)))

    @extend_schema(request=MeSerializer, responses=MeSerializer)
    def patch(self, request: Request) -> Response:
        """Say how long your conversions are kept, those that are there already too."""
        serializer = MeSerializer(data=request.data, partial=True)
        serializer.is_valid(raise_exception=True)
        if "keep_days" in serializer.validated_data:
            Keeping.objects.wish(cast("User", request.user), serializer.validated_data["keep_days"])
        return Response(_shown(cast("User", request.user)))


def _shown(user: "User") -> dict[str, Any]:
    return {"username": user.get_username(), "keep_days": Keeping.objects.days_of(user)}
