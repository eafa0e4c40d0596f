"""A speech service elsewhere: what is asked of it, what of its answer is believed, and what is said when it fails.

Nothing it answers is shown to anybody: errors of services quote keys. Its sound is a stranger's file, and is decoded
where strangers' files are.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import NoReturn

import numpy as np
from django.conf import settings

from rvc.codec import DecodeLimits, decode
from rvc.errors import AudioError
from tts.engines.base import Sound, SpeechError, Trouble
from tts.engines.sound import empty
from voiceproject.addresses import AddressError, OwnServer
from voiceproject.fetching import Fetcher, Patience, Reply, Visit, upstream

CONNECT, SILENT = 5.0, 20.0
"""Seconds to connect, and without a single byte."""
MOST_BYTES = 20 << 20
RATE = 16000
"""Hz of everything that rvc.codec decodes."""
SOUND_LIMITS = DecodeLimits(max_bytes=MOST_BYTES)
SOUND = ("audio/", "application/octet-stream", "binary/octet-stream")
KEY = re.compile(r"[!-~]{1,500}")
OK, BUSY = 200, 429
REFUSED = frozenset({400, 401, 402, 403, 404, 405, 413, 415, 422})


@dataclass(frozen=True)
class Question:
    """One request. body: None for a GET. kinds: how the media types begin that an answer may have."""

    path: str
    body: bytes | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    kinds: tuple[str, ...] = SOUND
    limit: int = MOST_BYTES


@dataclass(frozen=True)
class Service:
    """The server at `base`, called `label` in sentences. headers: what goes with every request, keys among them."""

    label: str
    base: str
    headers: Mapping[str, str] = field(default_factory=dict)

    def visit(self, seconds: float) -> Visit:
        """The beginning of one wish, whose requests share these seconds."""
        private = settings.TTS_PRIVATE_SERVERS
        patience = Patience(min(CONNECT, seconds), min(SILENT, seconds), seconds, redirects=0)
        return Fetcher(self._server(), patience, private=private).visit()

    def _server(self) -> OwnServer:
        return OwnServer(self.base, allow_http=settings.TTS_PRIVATE_SERVERS)

    def trouble(self, setting: str) -> Trouble | None:
        """Why its address, which the operator gave in this setting, cannot be used."""
        try:
            self._server().read(f"{self.base}/")
        except AddressError as error:
            return Trouble("engine_unavailable", f"{setting}: {error.message}")
        return None

    def ask(self, visit: Visit, question: Question) -> bytes:
        """The body of the answer. Raises SpeechError: upstream, upstream_busy, upstream_refused, engine_unavailable."""
        url, headers = self.base + question.path, {**self.headers, **question.headers}
        asked = visit.get(url, headers) if question.body is None else visit.post(url, question.body, headers)
        try:
            with asked as reply:
                self._judge(reply, question.kinds)
                body = reply.read_all(question.limit)
                if reply.length is not None and len(body) < reply.length:
                    raise upstream(f"it ended after {len(body)} of {reply.length} bytes")
        except AddressError as error:
            self._failed(error)
        return body

    def _judge(self, reply: Reply, kinds: tuple[str, ...]) -> None:
        if reply.status == BUSY:
            raise SpeechError("upstream_busy", f"{self.label} has too much to do, or counts what we ask. Try later.")
        if reply.status in REFUSED:
            raise SpeechError("upstream_refused", f"{self.label} refused: it answered {reply.status}.")
        reply.expect(OK)
        kind = reply.header("Content-Type").partition(";")[0].strip().lower()
        if kind and not kind.startswith(kinds):
            raise SpeechError("upstream", f"{self.label} answered with something else than was asked for.")

    def _failed(self, error: AddressError) -> NoReturn:
        if error.code == "url_not_allowed":
            way = "TTS_PRIVATE_SERVERS=true allows it." if "private" in error.message else ""
            raise SpeechError("engine_unavailable", f"{self.label}: {error.message} {way}".strip()) from error
        raise SpeechError("upstream", f"{self.label}: {error.message}") from error


def key_trouble(setting: str, key: str, way: str) -> Trouble | None:
    """What is wrong with the key in a setting; the key itself is never said."""
    if not key:
        return Trouble("engine_off", f"It is off on this server: {way}")
    if not KEY.fullmatch(key):
        return Trouble("engine_unavailable", f"{setting} holds signs that no key has.")
    return None


def decoded(body: bytes, folder: Path, label: str) -> Sound:
    """The sound in a service's answer, mono at 16 kHz, by way of a file in `folder`. Raises SpeechError."""
    path = folder / "answer"
    path.write_bytes(body)
    try:
        recording = decode(path, folder, SOUND_LIMITS)
    except AudioError as error:
        if error.code in {"empty_file", "audio_too_short"}:
            raise empty() from error
        raise SpeechError("upstream", f"{label} sent something that is no sound.") from error
    return Sound(np.array(recording.samples), RATE)
