"""One conversion through the real queue and a real worker, so that the first start ends with something to hear."""

import wave
from pathlib import Path

from launch.checkout import Checkout
from launch.console import Step, Trouble, follow, say
from launch.services import Services
from launch.site import last_words

SOURCE = Path("models_app/starter/sample.wav")
VOICE = "Starter (Joe)"


def result(checkout: Checkout) -> Path:
    return checkout.var / "sample" / "starter.wav"


def convert(checkout: Checkout, services: Services) -> None:
    """Convert the sample and say where the result is, how long it is and what it cost."""
    target = result(checkout)
    target.parent.mkdir(parents=True, exist_ok=True)
    step = Step("Converting the sample")
    command = checkout.manage("convert", str(checkout.root / SOURCE), str(target), "--voice", VOICE)
    status, printed = follow(command, step, checkout.setup_log, env=checkout.child_environ(), watch=services.check)
    if status:
        step.end("failed")
        raise Trouble(
            f"The sample could not be converted: {last_words(printed)} See {checkout.var / 'log' / 'worker.log'}."
        )
    step.end()
    report(checkout, target, printed, step.seconds)


def report(checkout: Checkout, target: Path, printed: str, waited: float) -> None:
    with wave.open(str(target)) as heard:
        seconds = heard.getnframes() / heard.getframerate()
    say()
    say(f"    Recording:  {checkout.root / SOURCE}")
    say(f"    Converted:  {target}   ({seconds:.2f} s)")
    say()
