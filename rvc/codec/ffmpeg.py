"""Decoding child, FFmpeg through PyAV: mp4/m4a, matroska/webm, aac, unfinished wav. Runs only inside `rvc.sandbox`."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any, NoReturn

import av
import numpy as np
from numpy.typing import NDArray

from rvc.codec.intake import inspect, store
from rvc.codec.limits import DecodeLimits, damaged, not_audio

CODECS = frozenset({"aac", "alac", "flac", "mp3", "mp3float", "opus", "vorbis"})
"""Decoders that may run, besides PCM: what phones, browsers and music programs put into these containers."""

BROKEN_PACKETS = 2
"""Packets that may be left out: a stream that was cut from a longer one has a broken packet at either end."""


def read(source: str, target: str | None, limits: dict[str, Any], container: str) -> dict[str, Any]:
    """Facts of the recording at `source`, read as `container` (mov, matroska, aac) and as nothing else.

    With a `target` its samples are stored there. See `rvc.codec.intake`.
    """
    bounds = DecodeLimits(**limits)
    try:
        with Path(source).open("rb") as handle, _open(handle, container) as opened:
            recording = FFmpegSource(opened, container)
            return inspect(recording, bounds) if target is None else store(recording, Path(target), bounds)
    except av.error.FFmpegError as error:
        raise damaged("its sound cannot be decoded") from error


class FFmpegSource:
    """The first sound track of a container. Its rate and channels are those of the first decoded frame.

    An AAC header states half the rate when the upper band is coded apart, so headers are not asked.
    """

    def __init__(self, opened: Any, container: str) -> None:
        if not opened.streams.audio:
            raise not_audio("it has no sound track")
        self._opened = opened
        self._stream = opened.streams.audio[0]
        context = self._stream.codec_context
        codec = "something unknown" if context is None else context.name
        if codec not in CODECS and not codec.startswith("pcm_"):
            raise not_audio(f"sound coded as {codec} is not accepted")
        self._stream.codec_context.thread_count = 1
        self._frames = self._decoded()
        self._first = next(self._frames, None)
        if self._first is None:
            raise damaged("its sound track is empty")
        self.rate: int = self._first.sample_rate
        self.channels: int = self._first.layout.nb_channels
        self.codec = f"{container} {codec}"
        self.frames = self._declared(container)

    def blocks(self) -> Iterator[NDArray[np.float32]]:
        """Samples in order, (n, channels). Gaps between time stamps are not filled."""
        planar = av.AudioResampler(format="fltp")
        frame = self._first
        while frame is not None:
            if frame.sample_rate != self.rate or frame.layout.nb_channels != self.channels:
                raise damaged("its sampling rate or channels change on the way")
            following = next(self._frames, None)
            count = self._last_samples(frame) if following is None else frame.samples
            for converted in planar.resample(frame):
                yield np.ascontiguousarray(converted.to_ndarray()[:, :count].T)
            frame = following

    def _last_samples(self, frame: Any) -> int:
        """Samples of the last frame that were recorded; MP4 says by its duration what only fills up a frame of AAC."""
        filled: int = frame.samples
        if not self.codec.startswith("mov") or not frame.duration:
            return filled
        recorded: int = round(frame.duration * frame.time_base * self.rate)
        return min(filled, max(1, recorded))

    def _decoded(self) -> Iterator[Any]:
        broken = 0
        for packet in self._opened.demux(self._stream):
            try:
                frames = packet.decode()
            except av.error.FFmpegError:
                broken += 1
                if broken > BROKEN_PACKETS:
                    raise
                continue
            yield from frames

    def _declared(self, container: str) -> int | None:
        """Length in frames by the container; raw AAC states none, and a browser's recording leaves it open."""
        if container == "aac" or not self._opened.duration:
            return None
        return int(self._opened.duration * self.rate // av.time_base)


def _open(handle: Any, container: str) -> Any:
    # The demuxer is named by us and reads one open file: playlists, scripts and references cannot lead elsewhere.
    closed = {"format_whitelist": container, "protocol_whitelist": "none"}
    return av.open(handle, format=container, options=closed, io_open=_refuse, metadata_errors="replace")


def _refuse(*_arguments: object) -> NoReturn:
    raise PermissionError("a recording may not open other files")
