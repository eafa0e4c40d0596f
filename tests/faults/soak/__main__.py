"""Hours of mixed jobs while processes are killed at random: `python -m tests.faults.soak --minutes 60`.

A site of its own is made in a scratch folder, with a real supervisor and its clusters. People submit, cancel, retry
and delete; meanwhile workers, clusters and supervisors are killed, stopped and drained. The last part is calm, so that
processes live long enough to say whether their memory grows. Then every job that was accepted is looked at.
"""

import argparse
import os
import shutil
import sys
import tempfile
from pathlib import Path


def main() -> int:
    options = parse()
    folder = Path(tempfile.mkdtemp(prefix="voiceproject-soak-"))
    os.environ |= {
        "DJANGO_SETTINGS_MODULE": "tests.settings_soak",
        "ENV_FILE": os.devnull,
        "VAR_DIR": str(folder),
        "DATABASE_URL": database(options.database, folder),
    }
    import django

    django.setup()
    from tests.faults.soak.run import Soak

    sys.stdout.write(f"{options.minutes:g} minutes on {options.database}, seed {options.seed}, in {folder}\n")
    wrong = Soak(options).run()
    if wrong:
        sys.stdout.write(f"Everything is kept in {folder}\n")
    else:
        shutil.rmtree(folder, ignore_errors=True)
    return int(wrong)


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser("soak", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--minutes", type=float, default=60.0)
    parser.add_argument("--database", choices=["sqlite", "postgres"], default="sqlite")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--pause", type=float, default=2.0, help="seconds between two jobs that come, on average")
    parser.add_argument("--peace", type=float, default=12.0, help="seconds between two kills, on average")
    parser.add_argument("--calm", type=float, default=0.4, help="part of the time at the end in which nobody kills")
    parser.add_argument("--growth", type=float, default=60.0, help="MiB an hour that one worker may grow by")
    return parser.parse_args()


def database(kind: str, folder: Path) -> str:
    if kind == "sqlite":
        return f"sqlite:///{folder / 'db.sqlite3'}"
    from tests.postgres import start

    return start()


if __name__ == "__main__":
    sys.exit(main())
