from datetime import timedelta
from typing import TYPE_CHECKING, Any, cast

from django.urls import reverse
from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework import mixins, serializers, status, viewsets
from rest_framework.authtoken.serializers import AuthTokenSerializer
from rest_framework.exceptions import AuthenticationFailed, PermissionDenied
from rest_framework.parsers import FormParser, MultiPartParser
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.throttling import AnonRateThrottle
from rest_framework.views import APIView

from accounts.tokens.models import LONGEST_DAYS, AccessToken, AccessTokenQuerySet
from accounts.tokens.scopes import Scope
from voiceproject.api import NewestFirst, StrictSerializer
from voiceproject.parsers import JSONParser
from voiceproject.passwords import CHOOSE, must_choose

if TYPE_CHECKING:
    from django.contrib.auth.models import User

DAYS_HELP = f"Days until it ends, at most {LONGEST_DAYS}; left out, it does not."


LONGEST_PASSWORD = 4096
"""Longer ones are nobody's, and cost time to be found wrong."""


class NewTokenSerializer(StrictSerializer):
    name = serializers.CharField(max_length=80, help_text="For what, so that you know it later.")
    scopes = serializers.ListField(child=serializers.ChoiceField(choices=Scope.values), allow_empty=False, min_length=1)
    days = serializers.IntegerField(
        required=False, allow_null=True, min_value=1, max_value=LONGEST_DAYS, help_text=DAYS_HELP
    )

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """A token makes none that may more, or lives longer, than itself."""
        own = self.context["request"].auth
        if isinstance(own, AccessToken):
            if beyond := set(attrs["scopes"]) - set(own.scopes):
                raise serializers.ValidationError({"scopes": f"This token has not {', '.join(sorted(beyond))} itself."})
            if own.expires_at is not None and not self._ends_within(attrs.get("days"), own):
                raise serializers.ValidationError({"days": "It would live longer than this token."})
        return attrs

    def _ends_within(self, days: int | None, own: AccessToken) -> bool:
        return days is not None and timezone.now() + timedelta(days=days) <= cast(Any, own.expires_at)

    def create(self, validated_data: dict[str, Any]) -> AccessToken:
        return AccessToken.objects.issue(validated_data.pop("user"), **validated_data)


class AccessTokenSerializer(serializers.ModelSerializer[AccessToken]):
    scopes = serializers.ListField(child=serializers.ChoiceField(choices=Scope.values), read_only=True)

    class Meta:
        model = AccessToken
        fields = ("id", "name", "beginning", "scopes", "created_at", "expires_at", "used_at")
        read_only_fields = fields


class AccessTokenWithKeySerializer(AccessTokenSerializer):
    key = serializers.CharField(read_only=True, help_text="Shown in this answer and never again.")

    class Meta:
        model = AccessToken
        fields = (*AccessTokenSerializer.Meta.fields, "key")
        read_only_fields = fields


class TokenViewSet(
    mixins.ListModelMixin, mixins.RetrieveModelMixin, mixins.DestroyModelMixin, viewsets.GenericViewSet[AccessToken]
):
    """Keys for programs of yours. `DELETE` revokes one."""

    queryset = AccessToken.objects.none()
    serializer_class = AccessTokenSerializer
    pagination_class = NewestFirst
    parser_classes = (JSONParser, FormParser, MultiPartParser)

    def get_queryset(self) -> AccessTokenQuerySet:
        return AccessToken.objects.visible_to(self.request.user)

    @extend_schema(request=NewTokenSerializer, responses={201: AccessTokenWithKeySerializer})
    def create(self, request: Request) -> Response:
        """Make a token. The answer has its key."""
        serializer = NewTokenSerializer(data=request.data, context=self.get_serializer_context())
        serializer.is_valid(raise_exception=True)
        token = cast(AccessToken, serializer.save(user=request.user))
        headers = {"Location": self.reverse_action("detail", args=[token.pk]), "Cache-Control": "no-store"}
        return Response(AccessTokenWithKeySerializer(token).data, status.HTTP_201_CREATED, headers=headers)


class LoginThrottle(AnonRateThrottle):
    scope = "login"
    rate = "20/min"


class LoginSerializer(StrictSerializer, AuthTokenSerializer):
    """A wrong name and a wrong password give the same answer."""

    password = serializers.CharField(max_length=LONGEST_PASSWORD, trim_whitespace=False, write_only=True)


class TokenSerializer(serializers.Serializer[Any]):
    token = serializers.CharField()


class TokenView(APIView):
    """Change a name and a password for a token that every other call carries in `Authorization: Token ...`."""

    authentication_classes = ()
    permission_classes = ()
    throttle_classes = (LoginThrottle,)

    def get_authenticate_header(self, request: Request) -> str:
        """A wrong password is answered with 401, as a missing token is, not with 403."""
        return "Token"

    @extend_schema(request=LoginSerializer, responses=TokenSerializer)
    def post(self, request: Request) -> Response:
        serializer = LoginSerializer(data=request.data, context={"request": request})
        try:
            serializer.is_valid(raise_exception=True)
        except serializers.ValidationError as error:
            if "authorization" in str(error.get_codes()):
                raise AuthenticationFailed("This name and password do not belong together.") from error
            raise
        user: User = serializer.validated_data["user"]
        if must_choose(user):
            raise PermissionDenied(f"{CHOOSE} It is done at {reverse('password_change')}.")
        token = AccessToken.objects.sign_in(user)
        return Response({"token": token.key}, headers={"Cache-Control": "no-store"})
