"""How a program says who it is. REST framework loads this before there are models, so they come in later."""

from typing import TYPE_CHECKING

from rest_framework.authentication import BaseAuthentication
from rest_framework.exceptions import AuthenticationFailed, PermissionDenied
from rest_framework.request import Request

from accounts.tokens.scopes import Scope, scope_for

if TYPE_CHECKING:
    from django.contrib.auth.models import User

    from accounts.tokens.models import AccessToken

WORDS = ("token", "bearer")
INVALID = "This token is not valid: it was revoked, has expired, or never was one."


class TokenAuthentication(BaseAuthentication):
    """A key in `Authorization: Token …`, `Authorization: Bearer …` or `xi-api-key`, and what it may do here."""

    def authenticate(self, request: Request) -> "tuple[User, AccessToken] | None":
        from accounts.tokens.models import AccessToken  # noqa: PLC0415 - see above

        key = key_of(request)
        if not key:
            return None
        token = AccessToken.objects.of_key(key)
        if token is None:
            raise AuthenticationFailed(INVALID)
        _check_scope(request, token)
        token.note_use()
        if Scope.ADMIN not in token.scopes:  # then what staff may see is not for this token either
            token.owner.is_staff = token.owner.is_superuser = False
        return token.owner, token

    def authenticate_header(self, request: Request) -> str:
        return "Token"


def key_of(request: Request) -> str:
    """The key that a request shows; "" for none."""
    word, _, key = request.headers.get("Authorization", "").strip().partition(" ")
    if word.lower() in WORDS:
        return key.strip()
    return request.headers.get("xi-api-key", "").strip()


def asked_scope(request: Request) -> Scope | None:
    """What the request asks for."""
    match = request._request.resolver_match
    return scope_for(match.url_name or "", request.method or "") if match else None


def _check_scope(request: Request, token: "AccessToken") -> None:
    view = (request.parser_context or {}).get("view")
    if not hasattr(view, (request.method or "").lower()):
        return  # there is nothing to do here, which the view says itself
    scope = asked_scope(request)
    if scope is None or scope not in token.scopes:
        lacking = f"has not the scope `{scope}`" if scope else "can never be used for this"
        raise PermissionDenied(f"This token {lacking}.")
