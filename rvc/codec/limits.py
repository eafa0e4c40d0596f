"""What is accepted as a recording, and the sentences that refuse the rest."""

from dataclasses import dataclass

from rvc.errors import AudioError


@dataclass(frozen=True)
class DecodeLimits:
    """Bounds of one recording: bytes, seconds, Hz, channels."""

    max_bytes: int = 100 << 20
    min_seconds: float = 0.05
    max_seconds: float = 600.0
    min_rate: int = 8000
    max_rate: int = 192_000
    max_channels: int = 8

    def check_size(self, size: int) -> None:
        """Refuse a file by its bytes alone: `empty_file` or `too_large`."""
        if size == 0:
            raise AudioError("empty_file", "The recording is empty: it has 0 bytes.")
        if size > self.max_bytes:
            raise AudioError("too_large", f"The recording is larger than {self.max_bytes >> 20} MiB.")

    def check_layout(self, rate: int, channels: int) -> None:
        """Refuse a sampling rate in Hz or a number of channels outside the bounds: `audio_params`."""
        if not self.min_rate <= rate <= self.max_rate:
            low, high = self.min_rate, self.max_rate
            sentence = f"The recording has a sampling rate of {rate} Hz; {low} to {high} Hz is accepted."
            raise AudioError("audio_params", sentence)
        if not 1 <= channels <= self.max_channels:
            sentence = f"The recording has {channels} channels; 1 to {self.max_channels} channels are accepted."
            raise AudioError("audio_params", sentence)

    def check_longest(self, seconds: float) -> None:
        """Refuse what is longer than `max_seconds`: `audio_too_long`."""
        if seconds > self.max_seconds:
            allowed = f"{self.max_seconds / 60:g} minutes" if self.max_seconds >= 120 else f"{self.max_seconds:g} s"
            raise AudioError("audio_too_long", f"The recording is longer than {allowed}: cut it into shorter parts.")

    def check_shortest(self, seconds: float) -> None:
        """Refuse what is shorter than `min_seconds`: `audio_too_short`."""
        if seconds < self.min_seconds:
            raise AudioError("audio_too_short", f"The recording is shorter than {self.min_seconds * 1000:g} ms.")


def damaged(why: str) -> AudioError:
    """The error for a known container that is broken inside; `why` ends the sentence."""
    return AudioError("audio_damaged", f"The recording is damaged: {why}.")


def not_audio(why: str) -> AudioError:
    """The error for bytes that are no recording of a kind we read; `why` ends the sentence."""
    return AudioError("not_audio", f"The file is not a recording that can be read: {why}.")
