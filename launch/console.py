"""What a person sees of run.py: a line a step, a moving line in long ones, one sentence when something is wrong."""

import queue
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

QUIET_SECONDS = 15.0
"""Where no terminal shows a moving line, a long step says this often that it is alive."""


class Trouble(Exception):  # noqa: N818 - it is shown to a person, who can mend it
    """Something the person at the keyboard can mend; the message is a sentence that says how."""


def say(text: str = "") -> None:
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


class Step:
    """One long step: its label, then a moving line with the latest news and the seconds it has taken."""

    def __init__(self, label: str) -> None:
        self.label = label
        self.news = ""
        self.started = self.shown = time.monotonic()
        self.moving = sys.stdout.isatty()
        if not self.moving:
            say(f"{label} …")

    @property
    def seconds(self) -> float:
        return time.monotonic() - self.started

    def show(self) -> None:
        line = f"{self.label} … {self.seconds:.0f} s  {self.news}"
        if self.moving:
            sys.stdout.write(f"\r\x1b[K{line[:100]}")
            sys.stdout.flush()
        elif time.monotonic() - self.shown > QUIET_SECONDS:
            self.shown = time.monotonic()
            say(f"  {line}")

    def end(self, result: str = "done") -> None:
        if self.moving:
            sys.stdout.write("\r\x1b[K")
        say(f"{self.label}: {result} ({self.seconds:.0f} s)")


def follow(
    command: Sequence[str | Path],
    step: Step,
    log: Path,
    *,
    digest: Callable[[str], str | None] = str.strip,
    env: Mapping[str, str] | None = None,
    watch: Callable[[], None] = lambda: None,
) -> tuple[int, str]:
    """Run a command to its end: every line goes to the log, what `digest` makes of it becomes the step's news.

    `watch` is called every second; what it raises ends the command. Returns the exit status and all that was printed.
    """
    lines: queue.Queue[str | None] = queue.Queue()
    printed: list[str] = []
    with log.open("a", encoding="utf-8") as written, _started(command, env) as process:
        threading.Thread(target=_read, args=(process, lines), daemon=True).start()
        try:
            while (line := _next(lines, step, watch)) is not None:
                written.write(line)
                printed.append(line)
                step.news = digest(line) or step.news
        except BaseException:
            process.terminate()
            raise
    return process.returncode, "".join(printed)


def _started(command: Sequence[str | Path], env: Mapping[str, str] | None) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [str(part) for part in command],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        encoding="utf-8",
        errors="replace",
        env=env,
    )


def _read(process: subprocess.Popen[str], lines: queue.Queue[str | None]) -> None:
    assert process.stdout is not None  # noqa: S101 - opened as a pipe just above
    for line in process.stdout:
        lines.put(line)
    lines.put(None)


def _next(lines: queue.Queue[str | None], step: Step, watch: Callable[[], None]) -> str | None:
    """The next line, showing the step while none comes; None at the end."""
    while True:
        step.show()
        watch()
        try:
            return lines.get(timeout=1.0)
        except queue.Empty:
            continue
