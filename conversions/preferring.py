"""`Prefer: wait=N`: the sound itself in the answer, if it is made soon enough."""

import re

from django.conf import settings
from django.http.response import HttpResponseBase
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter
from rest_framework.request import Request

from conversions.files import serve_result
from conversions.models import Conversion
from conversions.waiting import awaited, told
from jobs.models import State
from voiceproject.seats import seats

PREFERRED_WAIT = re.compile(r"(?:^|[,;\s])wait\s*=\s*(\d{1,5})")
PREFER = OpenApiParameter(
    "Prefer", OpenApiTypes.STR, OpenApiParameter.HEADER, description="`wait=N`: seconds to wait for the sound itself."
)


def patience(request: Request, wait: int = 0) -> int:
    """Seconds that somebody wants to wait, as the body or the header says, within the limit of the server."""
    preferred = PREFERRED_WAIT.search(request.headers.get("Prefer", "").lower())
    return min(wait or (int(preferred[1]) if preferred else 0), int(settings.SPEECH_WAIT_SECONDS))


def sound_within(request: Request, conversion: Conversion, wait: int) -> HttpResponseBase | None:
    """The sound of a conversion, if it is done within `wait` seconds; None while it goes on, or was cancelled.

    Raises RVCError as it ended otherwise. Where too many wait already nobody else does.
    """
    with seats().taken_by(conversion.owner_id) as seated:
        conversion = awaited(conversion, wait if seated else 0)
    if conversion.state == State.DONE:
        return serve_result(request._request, conversion, fetched=True)
    if conversion.error_code:
        raise told(conversion)
    return None
