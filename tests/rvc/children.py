"""Functions that tests run inside a sandbox child."""

import ctypes
import mmap
import os
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from rvc.errors import OptionError, VoiceFileError


def double(number: int) -> int:
    return 2 * number


def refuse(code: str, message: str, field: str | None = None) -> None:
    raise VoiceFileError(code, message, field=field)


def refuse_option() -> None:
    raise OptionError("protect", "protect must be a number.")


def crash() -> None:
    raise ZeroDivisionError


def segfault() -> None:
    ctypes.string_at(0)


def sleep(seconds: float) -> None:
    time.sleep(seconds)


def spin() -> None:
    while True:
        pass


def allocate(count: int) -> int:
    return len(bytearray(count))


def chatter() -> str:
    os.write(1, b"noise " * 1000)
    print("more noise", file=sys.stdout)  # noqa: T201 - the point of the test
    return "answer"


def flood() -> str:
    return "x" * (2 << 20)


def environment() -> dict[str, str]:
    return dict(os.environ)


def write(target: str, count: int, then: str | None = None) -> int:
    Path(target).write_bytes(b"x" * count)
    if then is not None:
        raise VoiceFileError(then, "No.")
    return count


def read(source: str) -> str:
    return Path(source).read_text()


def map_whole(source: str) -> int:
    with Path(source).open("rb") as file:
        return len(mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ))


def start_thread() -> bool:
    seen: list[bool] = []
    thread = threading.Thread(target=lambda: seen.append(True))
    thread.start()
    thread.join()
    return seen == [True]


def attempts(path: str, parent: int) -> dict[str, str]:
    """What becomes of things a child should not be able to do."""
    deeds: dict[str, Callable[[], Any]] = {
        "socket": socket.socket,
        "program": lambda: subprocess.run(["/bin/true"], check=False),
        "exec": lambda: os.execv("/bin/true", ["true"]),
        "fork": os.fork,
        "kill": lambda: os.kill(parent, 0),
        "read": lambda: Path(path).read_text(),
        "list": lambda: list(Path(path).parent.iterdir()),
        "write": lambda: Path(path).write_text("changed"),
        "make": lambda: Path(path).with_name("made").touch(),
        "remove": lambda: Path(path).unlink(),
        "mode": lambda: Path(path).chmod(0o777),
    }
    return {name: _outcome(deed) for name, deed in deeds.items()}


def _outcome(deed: Callable[[], Any]) -> str:
    try:
        deed()
    except OSError as error:
        return type(error).__name__
    return "allowed"


class Parrot:
    """A child that stays; some words it takes ill."""

    def __init__(self, word: str) -> None:
        self.word = word
        self.made_ready = 0

    def make_ready(self) -> None:
        self.made_ready += 1

    def answer(self, said: str, path: str = "") -> Any:
        if said == "refuse":
            raise VoiceFileError("bad_container", "No.")
        if said == "crash":
            raise ZeroDivisionError
        if said == "exit":
            os._exit(0)
        if said == "flood":
            return "x" * (33 << 20)
        if said == "sleep":
            time.sleep(600)
        if said == "attempts":
            return attempts(path, os.getppid())
        return {"said": f"{self.word} {said}", "pid": os.getpid(), "made_ready": self.made_ready}
