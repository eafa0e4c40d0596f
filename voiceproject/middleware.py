"""What every answer carries: a content policy, the other security headers, and a number to find it in the log by."""

import logging
import re
import uuid
from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponseBase, JsonResponse
from django.shortcuts import render

from voiceproject.errors import API_PATHS, error_body, status_of
from voiceproject.logs import request_id
from voiceproject.storage import storage_trouble

logger = logging.getLogger(__name__)

Handler = Callable[[HttpRequest], HttpResponseBase]

CONTENT_POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "font-src 'self'",
        "img-src 'self' data:",  # Pico's icons are data: pictures in its style sheet
        "media-src 'self' blob:",  # blob: is what was just recorded, before it is sent
        "connect-src 'self' blob:",
        "manifest-src 'self'",
        "form-action 'self'",
        "base-uri 'none'",
        "frame-ancestors 'none'",
    )
)
HEADERS = {
    "Content-Security-Policy": CONTENT_POLICY,
    "Permissions-Policy": "microphone=(self), camera=(), geolocation=(), payment=(), usb=()",
    "Cross-Origin-Resource-Policy": "same-origin",
}
GIVEN_ID = re.compile(r"[A-Za-z0-9._-]{8,64}")


class SecurityHeaders:
    """Sets what a view has not set for itself. Nothing inline runs anywhere: no script, no style."""

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        response = self.get_response(request)
        for name, value in HEADERS.items():
            response.headers.setdefault(name, value)
        return response


class RequestId:
    """Numbers the request: in the log, and in the answer. A proxy that is trusted may have numbered it already."""

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        given = request.headers.get("X-Request-ID", "") if settings.TRUST_PROXY else ""
        number = given if GIVEN_ID.fullmatch(given) else uuid.uuid4().hex
        request.number = number  # type: ignore[attr-defined]  # see voiceproject.logs.Context
        token = request_id.set(number)
        try:
            response = self.get_response(request)
        finally:
            request_id.reset(token)
        response["X-Request-ID"] = number
        return response


class Alive:
    """Answers /healthz by itself, whatever name the site is asked under: no database, no session, no redirect."""

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        if request.path_info != "/healthz":
            return self.get_response(request)
        return JsonResponse({"status": "alive"}, headers={"Cache-Control": "no-store"})


class UploadNotTaken:
    """Answers 413, or 507, where the upload was not read to its end; Django itself would answer 400."""

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        response = self.get_response(request)
        refusal = getattr(request, "upload_refusal", None)
        if refusal is None:
            return response
        if request.path.startswith(API_PATHS):
            if response.status_code == refusal.status:
                return response  # the view has said it, in the words of whoever asks
            return JsonResponse(error_body(refusal.code, refusal.message, refusal.field), status=refusal.status)
        limits = {"max_recording_mb": settings.MAX_RECORDING_MB, "max_voice_mb": settings.MAX_VOICE_MB}
        return render(request, refusal.template, {**limits, "sentence": refusal.message}, status=refusal.status)


class StorageTrouble:
    """Answers 507, or 503, when a page cannot reach its storage or its disk is full; the API says so by itself."""

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponseBase | None:
        trouble = storage_trouble(error)
        if trouble is None:
            return None
        logger.error("%s", trouble.message, exc_info=error)
        status = status_of(trouble)
        return render(request, f"{status}.html", {"sentence": trouble.message}, status=status)
