"""The command line of run.py: what was asked for, the steps in order, one sentence when a step cannot be done."""

import argparse
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from launch import quality, sample, site
from launch.checkout import Checkout, ensure_env_file
from launch.console import Trouble, say
from launch.packages import ensure_packages
from launch.services import Services, check_port

OTHER_BENCHES = {
    "--jobs": "tests.faults.bench",
    "--speech": "tests.faults.bench_speech",
    "--clients": "tests.faults.bench_clients",
}
EPILOG = """other commands:
  run.py test [PYTEST ARGUMENTS]  set up what the tests need; all checks and tests, or just the tests named
  run.py bench [ARGUMENTS]        measure this machine (python -m rvc bench), or with --jobs what jobs cost,
                                  or with --speech when a text is heard and when it is done,
                                  or with --clients what many clients at once get from a site
  run.py soak [ARGUMENTS]         an hour of mixed jobs while processes are killed
  run.py manage ARGUMENTS         Django's command line (manage.py) in the project's own environment
"""


def main(argv: Sequence[str], root: Path = Path(__file__).resolve().parent.parent) -> int:
    """Run the command line; returns the exit status."""
    checkout = Checkout(root, os.environ)
    try:
        signal.signal(signal.SIGTERM, _interrupt)
        checkout.prepare_folders()
        if argv and argv[0] in COMMANDS:
            return COMMANDS[argv[0]](checkout, argv[1:])
        return start(checkout, parse(argv, checkout))
    except Trouble as trouble:
        say(f"\n{trouble}")
        return 1
    except KeyboardInterrupt:
        say("\nStopped.")
        return 130


def _interrupt(*_: object) -> None:
    raise KeyboardInterrupt


def parse(argv: Sequence[str], checkout: Checkout) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        "run.py", description=__doc__, epilog=EPILOG, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.description = "Sets Voiceproject up, converts a sample recording and serves the site until Ctrl-C."
    parser.add_argument("--no-serve", action="store_true", help="end after the sample conversion")
    parser.add_argument("--host", default=checkout.setting("HOST") or "127.0.0.1", help="address to serve on")
    parser.add_argument("--port", type=_port, default=checkout.setting("PORT") or "8000", help="port to serve on")
    parser.add_argument(
        "--workers", type=_workers, metavar="N", help="conversions at a time (default: WORKERS in .env)"
    )
    parser.add_argument("--cuda", action="store_true", help="install torch for NVIDIA GPUs without asking the driver")
    chosen = parser.add_mutually_exclusive_group()
    chosen.add_argument("--sample", action="store_true", help="convert the sample again")
    chosen.add_argument("--skip-sample", action="store_true", help="leave the sample conversion out")
    return parser.parse_args(argv)


def _port(text: str) -> int:
    if not text.isdigit() or not 0 < int(text) < 1 << 16:
        raise argparse.ArgumentTypeError("must be a number between 1 and 65535")
    return int(text)


def _workers(text: str) -> int:
    if not text.isdigit() or not 0 < int(text) <= 64:
        raise argparse.ArgumentTypeError("must be a number between 1 and 64")
    return int(text)


def start(checkout: Checkout, options: argparse.Namespace) -> int:
    """`run.py`: set up, convert the sample, serve."""
    if not options.no_serve:
        check_port(options.host, options.port)
    sample.check_workers_can_start()
    ensure_env_file(checkout)
    ensure_packages(checkout, cuda=options.cuda)
    site.prepare(checkout)
    wants_sample = options.sample or not (options.skip_sample or sample.result(checkout).exists())
    with Services(checkout, workers=options.workers) as services:
        if wants_sample:
            services.start_worker()
            sample.convert(checkout, services)
        if not options.no_serve:
            services.start_worker()
            services.serve(options.host, options.port)
    if options.no_serve and not wants_sample:
        say("Everything is ready; start the site with: python3 run.py")
    return 0


def bench(checkout: Checkout, arguments: Sequence[str]) -> int:
    """`run.py bench`: the library's own benchmark, or that of jobs, of texts, of many clients."""
    for flag, module in OTHER_BENCHES.items():
        if flag in arguments:
            rest = [argument for argument in arguments if argument != flag]
            ensure_packages(checkout, development=True)
            return _run(checkout, [checkout.python, "-m", module, *rest])
    ensure_packages(checkout)
    return _run(checkout, [checkout.python, "-m", "rvc", "bench", *arguments])


def soak(checkout: Checkout, arguments: Sequence[str]) -> int:
    """`run.py soak`: jobs and kills on a site of its own, in a scratch folder."""
    ensure_packages(checkout, development=True)
    return _run(checkout, [checkout.python, "-m", "tests.faults.soak", *arguments])


def manage(checkout: Checkout, arguments: Sequence[str]) -> int:
    """`run.py manage`: any management command."""
    ensure_env_file(checkout)
    ensure_packages(checkout)
    return _run(checkout, checkout.manage(*arguments))


def _run(checkout: Checkout, command: Sequence[str | Path]) -> int:
    sys.stdout.flush()
    done = subprocess.run([str(part) for part in command], cwd=checkout.root, env=checkout.child_environ(), check=False)
    return done.returncode


COMMANDS: dict[str, Callable[[Checkout, Sequence[str]], int]] = {
    "test": quality.test,
    "bench": bench,
    "soak": soak,
    "manage": manage,
}
