"""The one error body of the API, `{"error": {"code", "message", "field"}}`, whatever went wrong."""

from collections.abc import Mapping, Sequence
from typing import Any

from django.core.exceptions import RequestDataTooBig
from django.http import HttpRequest, HttpResponseBase, JsonResponse
from django.shortcuts import render
from django.views import defaults
from rest_framework import exceptions
from rest_framework.response import Response
from rest_framework.views import exception_handler, set_rollback

from rvc.errors import RVCError
from voiceproject.storage import storage_trouble

# Library errors are about the content of a request, 422, unless they stand here.
STATUS_OF_CODE = {
    "bad_option": 400,
    "bad_request": 400,
    "quota_exceeded": 403,
    "not_found": 404,
    "already_done": 409,
    "already_used": 409,
    "already_there": 409,
    "busy": 409,
    "too_large": 413,
    "slow_down": 429,
    "internal": 500,
    "queue_full": 503,
    "storage_unreachable": 503,
    "storage_denied": 503,
    "storage_full": 507,
    "storage_readonly": 507,
}
API_PATHS = ("/api/", "/v1/", "/v2/")
"""Where programs ask, who want no pages."""
RETRY_SECONDS = 30
"""Seconds after which it is worth asking again, where nobody knows better."""
CODE_OF_STATUS = {
    400: "bad_request",
    401: "not_signed_in",
    403: "forbidden",
    404: "not_found",
    405: "method_not_allowed",
    406: "not_acceptable",
    413: "too_large",
    415: "unsupported_media",
    429: "slow_down",
    500: "internal",
}


SENTENCE_OF_FAULT = {
    "required": "{field} is missing.",
    "null": "{field} must have a value, not null.",
    "blank": "{field} must not be empty.",
    "empty": "{field} must not be empty.",
    "no_name": "{field} must be sent as a file with a name.",
    "max_length": "{field} is too long.",
}
"""What REST framework says of any field in words of its own, by its code."""


class SlowDown(RVCError):  # noqa: N818 - the code that it has
    """Somebody asks for more than their share; `retry_after` seconds later it is worth asking again."""

    def __init__(self, message: str, *, retry_after: int = RETRY_SECONDS) -> None:
        super().__init__("slow_down", message)
        self.retry_after = retry_after


class Conflict(exceptions.APIException):
    """The request is fine, but the record has moved on."""

    status_code = 409
    default_detail = "This has ended already."
    default_code = "already_done"


def error_body(code: str, message: str, field: str | None = None) -> dict[str, Any]:
    return {"error": {"code": code, "message": _sendable(message), "field": _sendable(field) if field else None}}


def _sendable(text: str) -> str:
    """Words of a request that are told again: half a character, which JSON can spell, cannot be sent as UTF-8."""
    return text.encode("utf-8", "replace").decode("utf-8")


def status_of(error: RVCError) -> int:
    return STATUS_OF_CODE.get(error.code, 422)


def headers_of(error: RVCError) -> dict[str, str]:
    """When it is worth asking again, where that is the trouble."""
    if status_of(error) not in (429, 503):
        return {}
    return {"Retry-After": str(error.retry_after if isinstance(error, SlowDown) else RETRY_SECONDS)}


def handle(error: Exception, context: dict[str, Any]) -> Response | None:
    """REST framework's hook: every exception of a view becomes the one body; None lets a bug surface as a 500."""
    if isinstance(error, RVCError):
        set_rollback()
        code = "bad_request" if error.code == "bad_option" else error.code
        return Response(error_body(code, error.message, error.field), status_of(error), headers=headers_of(error))
    if trouble := storage_trouble(error):
        set_rollback()
        return Response(error_body(trouble.code, trouble.message), status_of(trouble), headers=headers_of(trouble))
    if isinstance(error, RequestDataTooBig):
        set_rollback()
        message = getattr(error, "message", "The request is larger than this server takes.")  # an upload says more
        body = error_body(getattr(error, "code", "too_large"), message, getattr(error, "field", None))
        return Response(body, getattr(error, "status", 413))
    if isinstance(error, RecursionError):  # the reader of JSON goes one call deeper with every bracket
        set_rollback()
        return Response(error_body("bad_request", "The request is nested too deeply."), 400)
    response = exception_handler(error, context)
    if response is not None:
        _give_one_body(response, error)
    return response


def _give_one_body(response: Response, error: Exception) -> None:
    field, detail = None, getattr(error, "detail", None) or "There is nothing here."
    if isinstance(error, exceptions.ValidationError):
        field, detail = _first(error.detail)
    code = CODE_OF_STATUS.get(response.status_code, "bad_request")
    if isinstance(error, Conflict):
        code = error.default_code
    fault = getattr(detail, "code", "")
    if field and fault in SENTENCE_OF_FAULT:
        detail = SENTENCE_OF_FAULT[fault].format(field=field)
    if fault == "does_not_exist":
        response.status_code, code, detail = 422, "not_found", f"The {field} was not found."
    response.data = error_body(code, str(detail), field)


def _first(detail: Any, field: str | None = None) -> tuple[str | None, Any]:
    """The first message of a tree of messages, and the field it belongs to."""
    if isinstance(detail, Mapping):
        name, inner = next(iter(detail.items()))
        return _first(inner, field if name == "non_field_errors" else field or str(name))
    if isinstance(detail, Sequence) and not isinstance(detail, str):
        return _first(detail[0], field)
    return field, detail


# Django's own pages for 400 and 404 look for a CSRF token, and so read the body, which may be why we are here.


def not_found(request: HttpRequest, exception: Exception) -> HttpResponseBase:
    if request.path.startswith(API_PATHS):
        return JsonResponse(error_body("not_found", "There is nothing here."), status=404)
    return render(request, "404.html", status=404)


def server_error(request: HttpRequest) -> HttpResponseBase:
    if request.path.startswith(API_PATHS):
        return JsonResponse(error_body("internal", "Something broke on the server; it has been logged."), status=500)
    return defaults.server_error(request)


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponseBase:
    if request.path.startswith(API_PATHS):
        return JsonResponse(error_body("bad_request", "The request could not be understood."), status=400)
    return render(request, "400.html", status=400)
