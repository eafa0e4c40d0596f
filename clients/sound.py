"""Sound in the form that a client asked for: as one file, or as it is made."""

import errno
import logging
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from typing import IO, TYPE_CHECKING, Any

from django.conf import settings
from django.http import StreamingHttpResponse

from clients.models import Submission
from conversions.waiting import Sounding, awaited, told
from jobs.models import State
from rvc.codec.sending import encoder, sent, written
from rvc.errors import RVCError
from voiceproject.files import Slice, say_rules

if TYPE_CHECKING:
    from conversions.models import Conversion
    from rvc.codec.writing import Encoder

logger = logging.getLogger(__name__)

WAIT_SECONDS = 200
"""Less than the 240 after which ElevenLabs' client gives up."""
STILL = "It is still being made: send the same request once more, and it goes on waiting for the same sound."


@dataclass(frozen=True)
class Form:
    """kind: see `rvc.codec.sending`; rate: Hz, 0 for the voice's own; bit_rate: bit/s, 0 for the usual one."""

    kind: str
    media_type: str
    rate: int = 0
    bit_rate: int = 0

    @property
    def encoder(self) -> "Encoder":
        return encoder(self.kind, rate=self.rate, bit_rate=self.bit_rate)


def ready(submission: Submission, *, whole: bool) -> Sounding:
    """Wait for the first sound, or for all of it.

    Raises the error that the conversion ended with, and RVCError("queue_full") when it takes too long.
    """
    assert submission.conversion is not None  # noqa: S101 - `once` gives no other
    conversion = awaited(submission.conversion, WAIT_SECONDS, heard=not whole)
    if conversion.is_final and conversion.state != State.DONE:
        raise told(conversion)
    if not conversion.is_final and (whole or not conversion.pieces.exists()):
        raise RVCError("queue_full", STILL)
    return Sounding(conversion)


def whole_file(submission: Submission, form: Form) -> StreamingHttpResponse:
    """All of it, in a file that says how long it is."""
    sounding = ready(submission, whole=True)
    file: IO[bytes] = tempfile.TemporaryFile(dir=settings.FILE_UPLOAD_TEMP_DIR)  # noqa: SIM115 - the response closes it
    written(sounding.blocks(), sounding.rate, form.encoder, file)
    size = file.seek(0, 2)

    def fetched(start: int, end: int) -> None:
        if end == size:
            _answered(submission, sounding.conversion)

    return _response(Slice(file, 0, size, fetched), form, size)


def as_it_is_made(submission: Submission, form: Form) -> StreamingHttpResponse:
    """What there is of it, then what follows. Where it breaks off, so does the answer."""
    sounding = ready(submission, whole=False)
    return _response(broken_off(bytes_of(submission, sounding, form), sounding.conversion), form)


def broken_off(content: Iterator[bytes], conversion: "Conversion") -> Iterator[bytes]:
    """The same; where the conversion ends ill, a connection that was reset.

    The server takes that for an ordinary event: it closes the line without the last chunk, and logs no traceback.
    """
    try:
        yield from content
    except RVCError as error:
        logger.info("The answer with the sound of %s breaks off: %s", conversion, error.code)
        raise ConnectionResetError(errno.ECONNRESET, error.message) from error


def bytes_of(submission: Submission, sounding: Sounding, form: Form) -> Iterator[bytes]:
    yield from sent(sounding.blocks(), sounding.rate, form.encoder)
    _answered(submission, sounding.conversion)


def _answered(submission: Submission, conversion: "Conversion") -> None:
    submission.answered()
    if conversion.delete_after_download:
        conversion.note_sent(0, conversion.result.size)


def _response(content: Any, form: Form, size: int | None = None) -> StreamingHttpResponse:
    response = StreamingHttpResponse(content)
    say_rules(response, media_type=form.media_type, disposition="inline")
    response["X-Accel-Buffering"] = "no"  # a proxy that collects it first would defeat its purpose
    if size is not None:
        response["Content-Length"] = str(size)
    return response
