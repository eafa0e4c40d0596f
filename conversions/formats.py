"""A result in another format than the stored one: made while somebody waits for it, in a file that nobody keeps."""

import tempfile
from collections.abc import Callable
from typing import IO, TYPE_CHECKING, Any

from django.conf import settings
from django.http import Http404, HttpRequest, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.utils.http import content_disposition_header
from django.utils.translation import gettext_lazy

from rvc.codec import MEDIA_TYPES
from rvc.codec.sending import written
from voiceproject.errors import SlowDown
from voiceproject.files import Slice, say_rules
from voiceproject.seats import seats

if TYPE_CHECKING:
    from conversions.models import Conversion

FORMATS = {"wav": "WAV", "flac": "FLAC", "mp3": "MP3", "opus": "Opus", "m4a": "M4A"}
"""What a result can be fetched as; a WAV of any depth counts as WAV."""
BUSY = gettext_lazy("As many files as this server has room for are being made: try again in a moment.")
COME_BACK_SECONDS = 10


def is_stored(conversion: "Conversion", wanted: str) -> bool:
    """Whether a format, "" for any, is the one that the result lies in."""
    return not wanted or MEDIA_TYPES[wanted] == MEDIA_TYPES[conversion.output_format]


def serve_as(
    request: HttpRequest, conversion: "Conversion", wanted: str, *, fetched: Callable[[], None] | None = None
) -> HttpResponseBase:
    """The whole result as an attachment in a format that it is not stored in. fetched: told when all of it is sent.

    Raises SlowDown where too many files are being made for this person or in this process, and RVCError("damaged").
    """
    if request.method == "HEAD":
        return _response((), conversion, wanted)
    with seats().taken_by(request.user.pk) as seated:
        if not seated:
            raise SlowDown(str(BUSY), retry_after=COME_BACK_SECONDS)
        file = _made(conversion, wanted)
    size = file.seek(0, 2)

    def sent(start: int, end: int) -> None:
        if fetched and end == size:
            fetched()

    response = _response(Slice(file, 0, size, sent), conversion, wanted)
    response["Content-Length"] = str(size)
    return response


def _made(conversion: "Conversion", wanted: str) -> IO[bytes]:
    """The file, open and without a name, so that it is gone when it is closed."""
    from rvc.codec.rereading import reread  # noqa: PLC0415 - FFmpeg is only for who encodes
    from rvc.codec.writing import ENCODERS  # noqa: PLC0415 - as above

    file: IO[bytes] = tempfile.TemporaryFile(dir=settings.FILE_UPLOAD_TEMP_DIR)  # noqa: SIM115 - the response closes it
    try:
        with _stored(conversion) as stored, reread(stored, conversion.output_format) as (rate, blocks):
            written(blocks, rate, ENCODERS[wanted], file)
    except BaseException:
        file.close()
        raise
    return file


def _stored(conversion: "Conversion") -> Any:
    try:
        return conversion.result.open("rb")
    except (FileNotFoundError, ValueError) as error:  # ValueError: the row names no file
        raise Http404("There is no such file.") from error


def _response(content: Any, conversion: "Conversion", wanted: str) -> StreamingHttpResponse:
    response = StreamingHttpResponse(content)
    extension, media_type = MEDIA_TYPES[wanted]
    disposition = content_disposition_header(True, conversion.name_with(extension))
    say_rules(response, media_type=media_type, disposition=disposition)
    response["Accept-Ranges"] = "none"
    return response
