"""Errors of the library. Every message is one sentence that a user can act on; every code is stable."""

import errno

NO_ROOM = "The server has no room left for this. Try again later."
NOT_WRITABLE = "The server cannot write to its disk. Try again later."
NO_ANSWER = "The server's storage does not answer. Try again in a moment."
DENIED = "The server's storage refuses the server. Its administrators have to look after it."


class RVCError(Exception):
    """Something the caller can be told. `code` is stable and documented; `field` names the input it concerns."""

    def __init__(self, code: str, message: str, *, field: str | None = None) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.field = field


class VoiceFileError(RVCError):
    """A checkpoint or an index that is damaged, hostile, or not what it should be."""


class AudioError(RVCError):
    """A recording that cannot be decoded, or lies outside the accepted lengths and rates."""


class OptionError(RVCError):
    """A conversion option that cannot be taken: outside its range, or (`needs_usual_pitch`) without what it needs.

    `field` is the option's name.
    """

    def __init__(self, field: str, message: str, code: str = "bad_option") -> None:
        super().__init__(code, message, field=field)


class AssetError(RVCError):
    """A pretrained file is missing (`needs_asset`), damaged (`asset_damaged`) or could not be fetched."""


class StorageError(RVCError):
    """Where files are kept is full (`storage_full`), cannot be written (`storage_readonly`), does not answer
    (`storage_unreachable`) or lets nobody in (`storage_denied`): nobody's input is wrong.
    """

    SENTENCES = {  # noqa: RUF012 - the four there are
        "storage_full": NO_ROOM,
        "storage_readonly": NOT_WRITABLE,
        "storage_unreachable": NO_ANSWER,
        "storage_denied": DENIED,
    }

    def __init__(self, code: str) -> None:
        super().__init__(code, self.SENTENCES[code])

    @property
    def passes(self) -> bool:
        """Whether the same thing may succeed later although nobody makes room."""
        return self.code in {"storage_unreachable", "storage_denied"}


def storage_error(error: BaseException) -> StorageError | None:
    """What an error says about the disk; None when it is about something else."""
    if isinstance(error, StorageError):
        return error
    number = error.errno if isinstance(error, OSError) else None
    if number in {errno.ENOSPC, errno.EDQUOT}:
        return StorageError("storage_full")
    return StorageError("storage_readonly") if number == errno.EROFS else None


class DeviceError(RVCError):
    """A compute device was asked for that this machine does not have, or it ran out of memory."""


class Cancelled(RVCError):  # noqa: N818 - the word of the state it leads to
    """The caller asked for the conversion to stop."""

    def __init__(self) -> None:
        super().__init__("cancelled", "The conversion was cancelled.")
