from typing import TYPE_CHECKING, Any, cast

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.parsers import FormParser
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.forms import CONFIRM
from accounts.models import Erasure, count_everything
from conversions.keeping import LONGEST_DAYS
from voiceproject.api import StrictSerializer
from voiceproject.models import Keeping
from voiceproject.parsers import JSONParser, MultiPartParser

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


class EraseSerializer(StrictSerializer):
    confirm = serializers.CharField(help_text="Your user name.")
    tokens = serializers.BooleanField(required=False, help_text="End your tokens too, this one with them.")

    def validate_confirm(self, confirm: str) -> str:
        name = self.context["request"].user.get_username()
        if confirm != name:
            raise serializers.ValidationError(CONFIRM.format(name=name))
        return confirm


class ErasureSerializer(serializers.ModelSerializer[Erasure]):
    class Meta:
        model = Erasure
        fields = ("id", "state", "progress", "found", "tokens", "created_at", "finished_at")
        read_only_fields = fields


class DataSerializer(serializers.Serializer[Any]):
    found = serializers.DictField(child=serializers.IntegerField(), help_text="How much is yours, by kind.")
    erasure = ErasureSerializer(allow_null=True, help_text="The last time that you had everything deleted.")


class DataView(APIView):
    """All that is yours on this server."""

    parser_classes = (JSONParser, FormParser, MultiPartParser)

    @extend_schema(responses=DataSerializer)
    def get(self, request: Request) -> Response:
        user = cast("User", request.user)
        last = Erasure.objects.visible_to(user).first()
        return Response(DataSerializer({"found": count_everything(user), "erasure": last}).data)

    @extend_schema(request=EraseSerializer, responses={202: ErasureSerializer})
    def delete(self, request: Request) -> Response:
        """Delete everything of yours; the account stays. The body says `confirm`, your user name, and maybe `tokens`.

        What waits or runs is cancelled at once, the rest is a worker's: `GET` says when it is done.
        """
        serializer = EraseSerializer(data=request.data, context={"request": request})
        serializer.is_valid(raise_exception=True)
        tokens = serializer.validated_data.get("tokens", False)
        erasure = Erasure.objects.submit(cast("User", request.user), tokens=tokens)
        return Response(ErasureSerializer(erasure).data, 202)
