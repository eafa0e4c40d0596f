"""Sound together with when each character of its text is heard, as far as that is known: see tts/timing.py."""

import base64
import json
from collections.abc import Iterable, Iterator
from contextlib import closing
from typing import Any, cast

from django.http import StreamingHttpResponse

from clients.models import Submission
from clients.sound import Form, broken_off, bytes_of, ready, whole_file
from conversions.models import Conversion
from conversions.waiting import Sounding
from tts.models import Speech
from tts.timing import Clock, Span, Timed, joined


def whole(submission: Submission, form: Form) -> StreamingHttpResponse:
    """One object with all of it."""
    sound = whole_file(submission, form)
    conversion = cast(Conversion, submission.conversion)
    conversion.refresh_from_db()
    times = _shape(_clock_of(conversion).whole(_spans_of(conversion)))

    def parts() -> Iterator[bytes]:
        with closing(sound):
            said = json.dumps({"alignment": times, "normalized_alignment": times})
            yield said[:-1].encode() + b', "audio_base64": "'
            yield from _in_base64(cast("Iterable[bytes]", sound.streaming_content))
            yield b'"}'

    return _response(parts(), "application/json")


def as_it_is_made(submission: Submission, form: Form) -> StreamingHttpResponse:
    """One object in each line. The times of a sentence come with the first of its sound."""
    sounding = ready(submission, whole=False)
    times = _Times(sounding)

    def lines() -> Iterator[bytes]:
        for sound in bytes_of(submission, sounding, form):
            yield _line(sound, times.fresh())
        yield _line(b"", times.last())

    return _response(broken_off(lines(), sounding.conversion), "application/x-ndjson")


class _Times:
    """The times of what can be heard so far, each told once."""

    def __init__(self, sounding: Sounding) -> None:
        self.sounding, self.clock = sounding, _clock_of(sounding.conversion)
        self._told, self._seconds = 0, 0.0

    def fresh(self) -> list[Timed]:
        return [self.clock.until(span) for span in self._spans()]

    def last(self) -> list[Timed]:
        return [*self.fresh(), self.clock.rest()]

    def _spans(self) -> Iterator[Span]:
        pieces = self.sounding.pieces
        if not pieces and not self._told:
            self._told = 1
            yield from _spans_of(self.sounding.conversion)  # it was done before anybody listened
        while self._told < len(pieces):
            piece = pieces[self._told]
            yield Span(piece.passage or 0, self._seconds, self._seconds + (piece.spoken_seconds or piece.seconds))
            self._seconds += piece.seconds
            self._told += 1


def _clock_of(conversion: Conversion) -> Clock:
    speech = Speech.objects.get(pk=conversion.pk)
    return Clock(speech.text, [passage.text for passage in speech.wish.passages])


def _spans_of(conversion: Conversion) -> list[Span]:
    return [Span(*span) for span in conversion.facts["speech"]["passages"]]


def _line(sound: bytes, several: list[Timed]) -> bytes:
    timed = joined(several)
    times = _shape(timed) if timed.characters else None
    said = {"audio_base64": base64.b64encode(sound).decode(), "alignment": times, "normalized_alignment": times}
    return json.dumps(said).encode() + b"\n"


def _shape(timed: Timed) -> dict[str, list[Any]]:
    return {
        "characters": list(timed.characters),
        "character_start_times_seconds": timed.begins,
        "character_end_times_seconds": timed.ends,
    }


def _in_base64(blocks: Iterable[bytes]) -> Iterator[bytes]:
    rest = b""
    for block in blocks:
        data = rest + block
        cut = len(data) - len(data) % 3
        rest = data[cut:]
        yield base64.b64encode(data[:cut])
    yield base64.b64encode(rest)


def _response(content: Iterator[bytes], media_type: str) -> StreamingHttpResponse:
    response = StreamingHttpResponse(content, content_type=media_type)
    response["Cache-Control"] = "private, no-store"
    response["X-Accel-Buffering"] = "no"  # as with the sound alone
    return response
