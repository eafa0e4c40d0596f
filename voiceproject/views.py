"""The API's own pages: the login that gives a token, and the description one can try out."""

from typing import Any

from django.http import HttpRequest, HttpResponseBase
from django.urls import reverse
from drf_spectacular.utils import extend_schema
from drf_spectacular.views import SpectacularSwaggerSplitView
from rest_framework import serializers
from rest_framework.authtoken.models import Token
from rest_framework.authtoken.serializers import AuthTokenSerializer
from rest_framework.exceptions import AuthenticationFailed, PermissionDenied
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.throttling import AnonRateThrottle
from rest_framework.views import APIView

from voiceproject.api import StrictSerializer
from voiceproject.passwords import CHOOSE, must_choose

# Swagger's page sets styles and small pictures from its script.
DOCS_CSP = "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:"


class LoginThrottle(AnonRateThrottle):
    scope = "login"
    rate = "20/min"


class LoginSerializer(StrictSerializer, AuthTokenSerializer):
    """A wrong name and a wrong password give the same answer."""


class TokenSerializer(serializers.Serializer[Any]):
    token = serializers.CharField()


class TokenView(APIView):
    """Change a name and a password for the token that every other call carries in `Authorization: Token ...`."""

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
        user = serializer.validated_data["user"]
        if must_choose(user):
            raise PermissionDenied(f"{CHOOSE} It is done at {reverse('password_change')}.")
        token, _ = Token.objects.get_or_create(user=user)
        return Response({"token": token.key})


class DocsView(SpectacularSwaggerSplitView):
    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        response: HttpResponseBase = super().dispatch(request, *args, **kwargs)
        response["Content-Security-Policy"] = DOCS_CSP
        return response
