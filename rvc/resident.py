"""A child that is as confined as those of `rvc.sandbox`, and stays for the next question: it keeps what it loaded.

It is asked one question at a time, a line of JSON each way. It ends with its parent, when nobody asks for a while,
when it has used half of its processor time, or when it is closed.
"""

import contextlib
import json
import os
import select
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any, Protocol

from rvc import sandbox

LARGEST_ANSWER = 32 << 20
IDLE_SECONDS = 120.0
"""After so long without a question it ends, and gives back its memory."""
BLOCK = 1 << 16


class Answering(Protocol):
    """What a child is made of: it answers, and makes itself ready for the next question while nobody waits."""

    def answer(self, **question: Any) -> Any: ...

    def make_ready(self) -> None: ...


class Gone(Exception):  # noqa: N818 - it says what has become of the child
    """The child is not there any more. late: it took too long and was ended."""

    def __init__(self, *, late: bool = False) -> None:
        super().__init__()
        self.late = late


class Resident:
    """The parent's side of one child.

    function: "package.module:name", called with `arguments`; gives an Answering. The argument called `source` is the
    only file it can read, and there is none that it can write. limits: for as long as it lives; the wall time is
    that of the asker.
    """

    def __init__(self, function: str, arguments: Mapping[str, Any], limits: sandbox.Limits) -> None:
        self.pid = os.getpid()
        self.answered = 0
        self._log = tempfile.TemporaryFile()  # noqa: SIM115 - closed with the child
        self._child = subprocess.Popen(
            [sys.executable, "-s", "-m", "rvc.resident"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._log,
            cwd=sandbox.ROOT,
            env=sandbox.ENVIRONMENT,
            start_new_session=True,
        )
        source = arguments.get("source")
        absolute = {"source": str(Path(source).resolve())} if source is not None else {}
        self._opening: dict[str, Any] | None = {
            "function": function,
            "arguments": {**arguments, **absolute},
            "limits": asdict(limits),
            "parent": self.pid,
            "idle": IDLE_SECONDS,
        }

    @property
    def alive(self) -> bool:
        return self.pid == os.getpid() and self._child.poll() is None

    def ask(self, question: Mapping[str, Any], *, seconds: float) -> Any:
        """What the child answers. Raises the RVCError that it raised, or Gone; then it is closed."""
        end = time.monotonic() + seconds
        try:
            if self._opening is not None:
                self._tell(self._opening)
                self._opening = None
                sandbox.warn_of(tuple(self._line(end)["missing"]))
            self._tell(question)
            answer = self._line(end)
        except BaseException:  # whatever interrupts the parent: an answer that nobody took would be taken for the next
            self.close()
            raise
        self.answered += 1
        if "error" in answer:
            raise sandbox.error_of(answer["error"])
        return answer["result"]

    def close(self) -> None:
        with contextlib.suppress(OSError):
            self._child.kill()
        for pipe in (self._child.stdin, self._child.stdout):
            with contextlib.suppress(OSError):
                pipe.close()  # type: ignore[union-attr]
        self._child.wait()
        self._log.close()

    def _tell(self, question: Mapping[str, Any]) -> None:
        assert self._child.stdin is not None  # noqa: S101 - it was asked for
        try:
            self._child.stdin.write(json.dumps(question).encode() + b"\n")
            self._child.stdin.flush()
        except OSError as error:
            raise Gone from error

    def _line(self, end: float) -> dict[str, Any]:
        assert self._child.stdout is not None  # noqa: S101 - as above
        output, line = self._child.stdout.fileno(), bytearray()
        while not line.endswith(b"\n"):
            left = end - time.monotonic()
            if left <= 0:
                raise Gone(late=True)
            if not select.select([output], [], [], min(left, sandbox.LOOK_SECONDS))[0]:
                sandbox.tick()
                continue
            block = os.read(output, BLOCK)
            line += block
            if not block or len(line) > LARGEST_ANSWER:
                raise Gone
        return _parsed(bytes(line))


def _parsed(line: bytes) -> dict[str, Any]:
    try:
        answer = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise Gone from error
    if not isinstance(answer, dict) or not answer.keys() & {"result", "error", "missing"}:
        raise Gone
    return answer


# The child


def _main() -> None:
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)  # what native code prints must not mix with the answers
    opening = json.loads(_asked(None) or "{}")
    make, missing = sandbox.confined(opening)
    _say(answers, {"missing": missing})
    child: Answering | None = None
    while (line := _asked(opening["idle"])) and time.process_time() < opening["limits"]["cpu_seconds"] / 2:
        if child is None:
            answer, child = _made(make, opening["arguments"])
            if child is None:
                _say(answers, answer)
                return
        _say(answers, sandbox.called(child.answer, json.loads(line)))
        child.make_ready()


def _made(make: Any, arguments: Mapping[str, Any]) -> tuple[dict[str, Any], Answering | None]:
    """The child of these arguments, or the answer that says why there is none."""
    answer = sandbox.called(lambda: make(**arguments), {})
    return ({}, answer["result"]) if "result" in answer else (answer, None)


def _asked(idle: float | None) -> str:
    """The next line; empty when the parent has gone, or nobody asks for `idle` seconds."""
    return sys.stdin.readline() if select.select([sys.stdin], [], [], idle)[0] else ""


def _say(answers: Any, answer: Mapping[str, Any]) -> None:
    json.dump(answer, answers)
    answers.write("\n")
    answers.flush()


if __name__ == "__main__":
    _main()
