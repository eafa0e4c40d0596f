"""Progress without polling: server-sent events of one conversion, for a while, to a few at a time."""

import json
import time
from collections.abc import Iterator
from typing import Any, cast

from django.http import StreamingHttpResponse
from django.http.response import HttpResponseBase
from rest_framework.request import Request
from rest_framework.utils.encoders import JSONEncoder

from conversions.models import Conversion
from voiceproject.seats import Seated

MEDIA_TYPE = "text/event-stream"
SECONDS = 120
"""So long one request lasts: browsers, and client libraries, ask again by themselves."""
LOOK_SECONDS = 0.5
HEARTBEAT_SECONDS = 15
"""So often something is sent, that nobody on the way takes the line for dead, and we hear of listeners who left."""
RETRY_SECONDS = 3
WATCHED = ("state", "stage", "progress")


class Events:
    """The events of one conversion, as bytes."""

    def __init__(self, conversion: Conversion, describe: Any) -> None:
        """describe: called with a conversion, gives what the API shows of it."""
        self.pk, self.describe = conversion.pk, describe

    def __iter__(self) -> Iterator[bytes]:
        yield f"retry: {RETRY_SECONDS * 1000}\n\n".encode()
        seen: tuple[Any, ...] | None = ()
        until, beat = time.monotonic() + SECONDS, time.monotonic() + HEARTBEAT_SECONDS
        while time.monotonic() < until:
            now = Conversion.objects.filter(pk=self.pk).values_list(*WATCHED).first()
            if now != seen:
                seen, beat = now, time.monotonic() + HEARTBEAT_SECONDS
                told = self._told()
                yield told
                if told.startswith(b"event: end"):
                    return
            elif time.monotonic() > beat:
                beat += HEARTBEAT_SECONDS
                yield b": still here\n\n"
            time.sleep(LOOK_SECONDS)

    def _told(self) -> bytes:
        """`progress` with the conversion as the API shows it; `end` with its last state, or null when it is deleted."""
        conversion = Conversion.objects.with_end().filter(pk=self.pk).first()
        name = "end" if conversion is None or conversion.is_final else "progress"
        shown = json.dumps(conversion and self.describe(conversion), cls=JSONEncoder)
        return f"event: {name}\ndata: {shown}\n\n".encode()


def serve_events(request: Request, conversion: Conversion, describe: Any) -> HttpResponseBase:
    """Raises SlowDown when too many of this process, or of this person, listen."""
    listens = request.method == "GET"
    events = Seated(conversion.owner_id, Events(conversion, describe)) if listens else ()
    response = StreamingHttpResponse(cast(Any, events), content_type=MEDIA_TYPE)
    response["Cache-Control"] = "no-store"
    response["X-Accel-Buffering"] = "no"  # a proxy that collects it first would defeat its purpose
    return response
