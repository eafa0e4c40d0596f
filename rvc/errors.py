"""Errors of the library. Every message is one sentence that a user can act on; every code is stable."""


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
    """A conversion option outside its range; `field` is the option's name."""

    def __init__(self, field: str, message: str) -> None:
        super().__init__("bad_option", message, field=field)


class AssetError(RVCError):
    """A pretrained file is missing (`needs_asset`), damaged (`asset_damaged`) or could not be fetched."""


class DeviceError(RVCError):
    """A compute device was asked for that this machine does not have, or it ran out of memory."""


class Cancelled(RVCError):  # noqa: N818 - the word of the state it leads to
    """The caller asked for the conversion to stop."""

    def __init__(self) -> None:
        super().__init__("cancelled", "The conversion was cancelled.")
