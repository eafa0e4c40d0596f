"""Who may see how the service is: staff who are signed in, and programs that know the token."""

from django.conf import settings
from django.http import HttpRequest
from django.utils.crypto import constant_time_compare


def may_look(request: HttpRequest) -> bool:
    return has_token(request) or (request.user.is_active and request.user.is_staff)


def has_token(request: HttpRequest) -> bool:
    """Whether the request carries `Authorization: Bearer` with METRICS_TOKEN. Nobody has it while it is empty."""
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    given = scheme.lower() == "bearer" and bool(settings.METRICS_TOKEN)
    return given and constant_time_compare(token.strip(), settings.METRICS_TOKEN)
