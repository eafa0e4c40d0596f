"""Run one function on a stranger's file in a throwaway child: a fresh interpreter with little left to do harm with.

The child has an empty environment, its own session, limits on memory, processor time, written bytes, open files and
wall time; where the machine offers it, no sockets, no programs, no other processes (seccomp), and no files but the
installation, its `source` and its `target` (Landlock). Arguments and results are JSON.
"""

import contextlib
import importlib
import json
import logging
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextvars import ContextVar
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path
from typing import IO, Any

from rvc import confinement
from rvc.errors import RVCError, storage_error

logger = logging.getLogger(__name__)

ROOT = Path(__file__).parents[1]
LARGEST_RESULT = 1 << 20
SHOWN_TRACEBACK = 4096
LOOK_SECONDS = 0.5
ENVIRONMENT = {"LANG": "C.UTF-8", "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}


@dataclass(frozen=True)
class Limits:
    """What a child may use. `memory_bytes` is address space beyond the size of the source, which may be mapped."""

    memory_bytes: int = 1 << 30
    cpu_seconds: int = 30
    wall_seconds: float = 60.0
    file_bytes: int = 2 << 30
    open_files: int = 32


def run(function: str, arguments: Mapping[str, Any], *, limits: Limits = Limits(), died: tuple[str, str]) -> Any:
    """Call "package.module:function" in a child with JSON `arguments`; its JSON result.

    The arguments called `source` and `target`, if any, are the only files it can read and write; the target is made
    here, and taken away again when the call fails.
    Raises the RVCError the function raised, of the same class; RVCError(*died) when the child died or took too long.
    """
    answer = _ask(function, arguments, limits, died)
    warn_of(tuple(answer["missing"]))
    if "error" in answer:
        raise error_of(answer["error"])
    return answer["result"]


@contextlib.contextmanager
def watched(tick: Callable[[], None]) -> Iterator[None]:
    """Call `tick` about twice a second while a child works; what it raises ends the child and comes out of `run`."""
    before = _tick.set(tick)
    try:
        yield
    finally:
        _tick.reset(before)


def tick() -> None:
    """What `watched` asks for, for other waits for a child."""
    if (watching := _tick.get()) is not None:
        watching()


def missing_protections() -> list[str]:
    """Why this machine confines a child less than it could; empty where everything is in place."""
    died = ("sandbox", "A child process cannot be started on this machine.")
    missing: list[str] = _ask("rvc.sandbox:nothing", {}, Limits(), died)["missing"]
    return missing


def nothing() -> None:
    """The function of a child that is only asked what confines it."""


# The parent

_tick: ContextVar[Callable[[], None] | None] = ContextVar("tick", default=None)


def _ask(function: str, arguments: Mapping[str, Any], limits: Limits, died: tuple[str, str]) -> dict[str, Any]:
    arguments = {**arguments, **_absolute(arguments)}
    request = {"function": function, "arguments": arguments, "limits": asdict(limits), "parent": os.getpid()}
    target = arguments.get("target")
    made = target is not None and _make(Path(target))
    answer = None
    try:
        answer = _answer_of_child(json.dumps(request).encode(), function, limits.wall_seconds)
    finally:
        if made and (answer is None or "error" in answer):
            Path(str(target)).unlink(missing_ok=True)
    if answer is None:
        raise RVCError(*died)
    return answer


def _absolute(arguments: Mapping[str, Any]) -> dict[str, str]:
    """The files among the arguments by their full names, because the child works in another folder."""
    found = {name: arguments.get(name) for name in ("source", "target")}
    return {name: str(Path(path).resolve()) for name, path in found.items() if path is not None}


def _make(target: Path) -> bool:
    """Make the file the child may write, because it may not make any; whether there was none."""
    absent = not target.exists()
    target.touch()
    return absent


def _answer_of_child(request: bytes, function: str, seconds: float) -> dict[str, Any] | None:
    """What the child wrote; None when it died, took too long or wrote nonsense. Files, so that it cannot flood us."""
    with tempfile.TemporaryFile() as output, tempfile.TemporaryFile() as log:
        status = _run_child(request, output, log, seconds)
        answer = _parsed(output) if status == 0 else None
        if answer is None:
            logger.warning("%s ended with status %s: %s", function, status, _end_of(log))
    return answer


def _run_child(request: bytes, output: IO[bytes], log: IO[bytes], seconds: float) -> int | None:
    """Run the child to its end; its exit status, or None when it took too long."""
    command = [sys.executable, "-s", "-m", "rvc.sandbox"]
    child = subprocess.Popen(
        command,
        stdin=subprocess.PIPE,
        stdout=output,
        stderr=log,
        cwd=ROOT,
        env=ENVIRONMENT,
        start_new_session=True,
    )
    try:
        return child.returncode if _ended(child, request, seconds) else None
    finally:  # whatever interrupts the parent, no child outlives the call
        with contextlib.suppress(ProcessLookupError):
            child.kill()
        child.wait()


def _ended(child: "subprocess.Popen[bytes]", request: bytes, seconds: float) -> bool:
    """Wait for the child, ticking if somebody watches; whether it ended in time."""
    tick = _tick.get()
    end = time.monotonic() + seconds
    remaining: bytes | None = request
    while (left := end - time.monotonic()) > 0:
        try:
            child.communicate(remaining, timeout=left if tick is None else min(left, LOOK_SECONDS))
        except subprocess.TimeoutExpired:
            remaining = None  # what was not written yet is remembered
            if tick is not None:
                tick()
        else:
            return True
    return False


def _parsed(output: IO[bytes]) -> dict[str, Any] | None:
    output.seek(0)
    text = output.read(LARGEST_RESULT + 1)
    try:
        answer = json.loads(text) if len(text) <= LARGEST_RESULT else None
    except (ValueError, RecursionError):
        return None
    return answer if isinstance(answer, dict) and "missing" in answer else None


def _end_of(log: IO[bytes]) -> str:
    size = log.seek(0, os.SEEK_END)
    log.seek(max(0, size - SHOWN_TRACEBACK))
    return log.read().decode("utf-8", "replace")


def error_of(found: Mapping[str, Any]) -> RVCError:
    """The child's error again. Only classes of rvc.errors, whose own constructors may ask for other arguments."""
    kinds = {kind.__name__: kind for kind in RVCError.__subclasses__()}
    kind = kinds.get(found["class"], RVCError)
    error = kind.__new__(kind)
    RVCError.__init__(error, found["code"], found["message"], field=found["field"])
    return error


@cache
def warn_of(missing: tuple[str, ...]) -> None:
    """Say once per process what is missing."""
    for reason in missing:
        logger.warning("Strangers' files are read with less protection: %s.", reason)


# The child


def _limit(limits: Mapping[str, Any], source: str | None) -> str | None:
    try:
        import resource  # noqa: PLC0415 - not on Windows
    except ImportError:
        return "resources cannot be limited on this system"
    mapped = Path(source).stat().st_size if source is not None else 0
    wanted = {
        resource.RLIMIT_AS: limits["memory_bytes"] + mapped,
        resource.RLIMIT_CPU: limits["cpu_seconds"],
        resource.RLIMIT_FSIZE: limits["file_bytes"],
        resource.RLIMIT_NOFILE: limits["open_files"],
        resource.RLIMIT_CORE: 0,
    }
    try:
        for kind, most in wanted.items():
            already = resource.getrlimit(kind)[1]
            lower = most if already == resource.RLIM_INFINITY else min(most, already)
            resource.setrlimit(kind, (lower, lower))
    except (ValueError, OSError) as error:
        return f"resources cannot be limited: {error}"
    return None


def confined(request: Mapping[str, Any]) -> tuple[Callable[..., Any], list[str]]:
    """Confine this process, import, confine it further; the function that is asked for, and what is missing."""
    arguments = request["arguments"]
    source, target = arguments.get("source"), arguments.get("target")
    missing = [
        confinement.die_with_parent(request["parent"]),
        _limit(request["limits"], source),
        confinement.deny_system_calls(),
    ]
    module, name = request["function"].split(":")
    function = getattr(importlib.import_module(module), name)
    missing.append(
        confinement.deny_files(read=[Path(source)] if source else [], write=[Path(target)] if target else [])
    )
    return function, [reason for reason in missing if reason]


def called(function: Callable[..., Any], arguments: Mapping[str, Any]) -> dict[str, Any]:
    """What the function answers, or the error that it raises, as JSON."""
    answer: dict[str, Any] = {}
    try:
        answer["result"] = function(**arguments)
    except (RVCError, OSError) as failure:
        error = storage_error(failure) or failure
        if not isinstance(error, RVCError):
            raise
        facts = {"code": error.code, "message": error.message, "field": error.field}
        answer["error"] = {"class": type(error).__name__, **facts}
    return answer


def _main() -> None:
    answers = os.dup(1)
    os.dup2(2, 1)  # what native code prints must not mix with the answer
    request = json.load(sys.stdin)
    function, missing = confined(request)
    answer = {"missing": missing, **called(function, request["arguments"])}
    with os.fdopen(answers, "w", encoding="utf-8") as output:
        json.dump(answer, output)


if __name__ == "__main__":
    _main()
