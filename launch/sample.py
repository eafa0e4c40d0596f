"""One conversion through the real queue and a real worker, so that the first start ends with something to hear."""

import multiprocessing
import time
import wave
from collections.abc import Callable
from pathlib import Path

from launch.checkout import Checkout
from launch.console import Step, Trouble, follow, say
from launch.services import Services
from launch.site import last_words

SOURCE = Path("models_app/starter/sample.wav")
VOICE = "Starter (Joe)"
PATIENCE_SECONDS = 600.0
"""Seven seconds of speech take seconds; a machine that needs longer than this is stuck."""


def result(checkout: Checkout) -> Path:
    return checkout.var / "sample" / "starter.wav"


def check_workers_can_start() -> None:
    """Raise Trouble where the system refuses what every worker needs: locks shared between processes."""
    try:
        multiprocessing.Lock()
    except OSError as error:
        raise Trouble(
            f"Workers cannot share locks here ({error.strerror}): make /dev/shm a folder that everyone may write to "
            "(mount -t tmpfs -o mode=1777 tmpfs /dev/shm)."
        ) from error


def convert(checkout: Checkout, services: Services) -> None:
    """Convert the sample and say where the result is, how long it is and what it cost."""
    target = result(checkout)
    target.parent.mkdir(parents=True, exist_ok=True)
    step = Step("Converting the sample")
    status, printed = follow(
        checkout.manage("convert", str(checkout.root / SOURCE), str(target), "--voice", VOICE, "--verbosity", "2"),
        step,
        checkout.setup_log,
        digest=lambda line: None if " INFO " in line else line.strip(),
        env=checkout.child_environ(),
        watch=_guard(checkout, services),
    )
    if status:
        step.end("failed")
        raise Trouble(f"The sample could not be converted: {last_words(printed)} See {_worker_log(checkout)}.")
    step.end()
    report(checkout.root / SOURCE, target, cost=printed.strip().rpartition("\n")[2])


def report(source: Path, target: Path, *, cost: str) -> None:
    """Where the result is, how long it is, what it cost in the words of `manage.py convert`."""
    say()
    say(f"    Recording:  {source}   ({_length(source):.2f} s)")
    say(f"    Converted:  {target}   ({_length(target):.2f} s)")
    say(f"    Cost:       {cost}, loading the voice included")
    say()


def _length(path: Path) -> float:
    """Seconds of a WAV file."""
    with wave.open(str(path)) as heard:
        return float(heard.getnframes() / heard.getframerate())


def _guard(checkout: Checkout, services: Services) -> Callable[[], None]:
    """What is looked at every second while the sample is converted."""
    deadline = time.monotonic() + PATIENCE_SECONDS

    def look() -> None:
        services.check()
        if time.monotonic() > deadline:
            raise Trouble(f"The sample is not converted after {PATIENCE_SECONDS:.0f} s: see {_worker_log(checkout)}.")

    return look


def _worker_log(checkout: Checkout) -> Path:
    return checkout.var / "log" / "worker.log"
