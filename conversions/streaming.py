"""The result while it is made: its pieces one after the other, as one WAV whose length nobody knows yet."""

import struct
import time
import wave
from collections.abc import Iterator
from typing import Any, cast

from django.conf import settings
from django.http import Http404, HttpRequest, StreamingHttpResponse
from django.http.response import HttpResponseBase

from conversions.models import Conversion, Piece
from conversions.pieces import MEDIA_TYPE
from jobs.models import State
from voiceproject.files import say_rules, serve
from voiceproject.seats import Seated

BLOCK = 1 << 14
"""Frames that are read from a piece at a time."""
LOOK_SECONDS = 0.25
UNKNOWN_SIZE = 0xFFFFFFFF
ENDED_ILL = (State.FAILED, State.CANCELLED, State.REJECTED)


def serve_stream(request: HttpRequest, conversion: Conversion) -> HttpResponseBase:
    """404 for a conversion that ended without a result. Raises SlowDown when too many listen, see Seated."""
    if conversion.state in ENDED_ILL:
        raise Http404("There is nothing to hear.")
    if conversion.state == State.DONE:
        return serve(request, conversion.result, media_type=conversion.result_type, filename=conversion.result_name)
    listens = request.method == "GET"
    response = StreamingHttpResponse(cast(Any, Seated(request.user.pk, heard(conversion)) if listens else ()))
    say_rules(response, media_type=MEDIA_TYPE, disposition="inline")
    response["X-Accel-Buffering"] = "no"  # a proxy that collects it first would defeat its purpose
    return response


def heard(conversion: Conversion) -> Iterator[bytes]:
    """The bytes of the stream: a header with the first piece, then sound; it waits for what is not there yet.

    An attempt that is made anew begins with the same pieces, so that the listener's place stays right.
    """
    for number, piece in enumerate(pieces_of(conversion)):
        with piece.file.open("rb") as stored, wave.open(stored) as sound:
            if number == 0:
                yield header(sound.getframerate())
            while frames := sound.readframes(BLOCK):
                yield frames


def pieces_of(conversion: Conversion) -> Iterator[Piece]:
    """Each piece in turn until the conversion has ended, or none came for a long time."""
    number, patience = 0, time.monotonic() + settings.STREAM_WAIT_SECONDS
    while time.monotonic() < patience:
        rows = Conversion.objects.filter(pk=conversion.pk)
        ended = not rows.active().exists()  # before the piece: one that comes in between is not missed
        piece = Piece.objects.filter(conversion=conversion, number=number).first()
        if piece is not None:
            yield piece
            number, patience = number + 1, time.monotonic() + settings.STREAM_WAIT_SECONDS
        elif ended:
            return
        else:
            time.sleep(LOOK_SECONDS)


def header(rate: int) -> bytes:
    """The header of a mono WAV of 16 bits that goes on for as long as it does."""
    layout = struct.pack("<4sIHHIIHH", b"fmt ", 16, 1, 1, rate, 2 * rate, 2, 16)
    return struct.pack("<4sI4s", b"RIFF", UNKNOWN_SIZE, b"WAVE") + layout + struct.pack("<4sI", b"data", UNKNOWN_SIZE)
