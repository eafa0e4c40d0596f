"""Counts what people send, and stops reading when it is too much."""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any, NoReturn

from django.conf import settings
from django.core.exceptions import RequestDataTooBig
from django.core.files.uploadhandler import FileUploadHandler, TemporaryFileUploadHandler

from rvc.errors import StorageError, storage_error
from rvc.voicefile.bundle import begins_zip

if TYPE_CHECKING:
    from django.core.files.uploadedfile import UploadedFile

MIB = 1 << 20
VOICE_FIELDS = ("checkpoint", "index")
THEIR_VOICE_FIELD = "files"  # ElevenLabs' clients send a voice and its index in one field
COVER_FIELD = "cover"
RECORDING_FIELD = "recording"  # or a zip of recordings


class UploadRefused(RequestDataTooBig):
    """A file, or the whole request, is larger than this server takes."""

    code, status, template = "too_large", 413, "413.html"

    def __init__(self, megabytes: int, field: str | None = None) -> None:
        self.message = f"The file is larger than the {megabytes} MB that this server takes."
        self.field = field
        super().__init__(self.message)


def limit_mb(field_name: str) -> int:
    """How large the file of this form field may be."""
    if field_name == COVER_FIELD:
        return settings.MAX_COVER_MB
    return settings.MAX_VOICE_MB if field_name in (*VOICE_FIELDS, THEIR_VOICE_FIELD) else settings.MAX_RECORDING_MB


class UploadNotStored(RequestDataTooBig):
    """The disk is full or cannot be written. Of Django's kind of error, so that it ends the request as the other."""

    status, template = 507, "507.html"

    def __init__(self, trouble: StorageError) -> None:
        self.code, self.message = trouble.code, trouble.message
        self.field = None
        super().__init__(self.message)


def refuse(request: Any, refusal: UploadRefused | UploadNotStored) -> NoReturn:
    """Stop to read, and leave nothing; `middleware.UploadNotTaken` answers."""
    if request is not None:
        request.upload_refusal = refusal
        for handler in request.upload_handlers:
            handler.upload_interrupted()  # the parser forgets the file that is half written
    raise refusal


class LimitedUpload(FileUploadHandler):
    """Stands before the handler that writes to disk."""

    def __init__(self, request: Any = None) -> None:
        super().__init__(request)
        self.limit_mb = 0
        self.count = 0

    def handle_raw_input(self, input_data: Any, META: Any, content_length: int, *_: Any, **__: Any) -> None:  # noqa: N803 - Django's name
        """Refuse before the first byte what cannot be right: a request holds recordings, or a voice and its index."""
        most = max(settings.MAX_RECORDING_MB, settings.MAX_VOICE_MB * len(VOICE_FIELDS), settings.BATCH_MB)
        if content_length > (most + 1) * MIB:
            self.refuse(most)

    def new_file(self, field_name: str, *args: Any, **kwargs: Any) -> None:
        super().new_file(field_name, *args, **kwargs)
        self.limit_mb = limit_mb(field_name)
        self.count = 0

    def receive_data_chunk(self, raw_data: bytes, start: int) -> bytes:
        if start == 0 and self.field_name == RECORDING_FIELD and begins_zip(raw_data):
            self.limit_mb = max(self.limit_mb, settings.BATCH_MB)
        self.count += len(raw_data)
        if self.count > self.limit_mb * MIB:
            self.refuse(self.limit_mb, self.field_name)
        return raw_data

    def file_complete(self, file_size: int) -> "UploadedFile[Any] | None":
        return None

    def refuse(self, megabytes: int, field: str | None = None) -> None:
        refuse(self.request, UploadRefused(megabytes, field))


class UploadToDisk(TemporaryFileUploadHandler):
    """Says it when there is no room, instead of breaking."""

    def new_file(self, *args: Any, **kwargs: Any) -> None:
        with self._disk():
            super().new_file(*args, **kwargs)

    def receive_data_chunk(self, raw_data: bytes, start: int) -> None:
        with self._disk():
            super().receive_data_chunk(raw_data, start)

    def file_complete(self, file_size: int) -> "UploadedFile[Any] | None":
        with self._disk():
            return super().file_complete(file_size)

    def upload_interrupted(self) -> None:
        with suppress(OSError):  # what waits to be written finds no room either; the file goes all the same
            super().upload_interrupted()

    @contextmanager
    def _disk(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            trouble = storage_error(error)
            if trouble is None:
                raise
            refuse(self.request, UploadNotStored(trouble))
