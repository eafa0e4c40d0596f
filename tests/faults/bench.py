"""What jobs cost besides their work: `python3 run.py bench --jobs --database postgres`.

The claim path under many processes, no-op jobs through a real supervisor and its cluster, and what the database does
for one job and keeps of it. Everything happens in a scratch folder and in a database of its own.
"""

import argparse
import json
import os
import platform
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

PEOPLE = 5
COST_JOBS = 1000
PATIENCE_SECONDS = 300.0


def main() -> int:
    options = parse()
    folder = Path(os.environ["VAR_DIR"] if options.claim else tempfile.mkdtemp(prefix="voiceproject-bench-"))
    if not options.claim:
        from tests.faults.soak.__main__ import database

        os.environ |= {
            "DJANGO_SETTINGS_MODULE": "tests.settings_soak",
            "ENV_FILE": os.devnull,
            "LOG_LEVEL": "WARNING",
            "VAR_DIR": str(folder),
            "DATABASE_URL": database(options.database, folder),
        }
    import django

    django.setup()
    if options.claim:
        claim_until_none_waits()
        return 0
    try:
        return measure(options)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser("bench", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--database", choices=["sqlite", "postgres"], default="sqlite")
    parser.add_argument("--processes", type=int, default=8, help="that claim at the same time")
    parser.add_argument("--claims", type=int, default=2000)
    parser.add_argument("--workers", type=int, default=2, help="of the cluster that does no-op jobs")
    parser.add_argument("--chores", type=int, default=300, help="that the cluster does")
    parser.add_argument("--claim", action="store_true", help=argparse.SUPPRESS)
    return parser.parse_args()


def measure(options) -> int:
    from django.contrib.auth.models import User
    from django.core.management import call_command

    call_command("migrate", verbosity=0)
    people = [User.objects.create_user(f"person{number}") for number in range(PEOPLE)]
    say(machine())
    doubled = claims(people, options)
    per_job(people)
    throughput(people, options)
    return int(doubled > 0)


def say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


def machine() -> str:
    from django.db import connection

    model = next((line.partition(":")[2].strip() for line in _cpu_lines() if line.startswith("model name")), "?")
    with connection.cursor() as cursor:
        cursor.execute("SELECT sqlite_version()" if connection.vendor == "sqlite" else "SHOW server_version")
        [version] = cursor.fetchone()
    load = ", ".join(f"{figure:.2f}" for figure in os.getloadavg())
    return (
        f"{model}, {os.cpu_count()} cores; Python {platform.python_version()}, {connection.vendor} {version}; "
        f"load before: {load}"
    )


def _cpu_lines() -> list[str]:
    path = Path("/proc/cpuinfo")
    return path.read_text().splitlines() if path.exists() else []


def add(people, count, *, hinted=False) -> None:
    from tests.jobs.chores.models import Chore

    for number in range(count):
        chore = Chore.objects.create(owner=people[number % len(people)])
        if hinted:
            chore.hint()


def claims(people, options) -> int:
    """Many processes take jobs as workers do, as fast as they can; how many were taken twice."""
    from jobs.models import JobEvent, State
    from tests.jobs.chores.models import Chore

    add(people, options.claims)
    began = time.monotonic()
    command = [sys.executable, "-m", "tests.faults.bench", "--claim"]
    processes = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(options.processes)]
    told = [json.loads(process.communicate()[0]) for process in processes]
    times = sorted(seconds for one in told for seconds in one["seconds"])
    lasted = max(one["ended"] for one in told) - min(one["began"] for one in told)
    late = sum(one["late"] for one in told)
    left = Chore.objects.waiting().count()
    doubled = JobEvent.objects.filter(after=State.RUNNING).count() - len(times)
    doubled += len(times) - options.claims + left
    say(
        f"claims: {len(times)} by {options.processes} processes in {lasted:.1f} s "
        f"({time.monotonic() - began:.1f} s with their start), {len(times) / lasted:.0f} a second, "
        f"p50 {1000 * times[len(times) // 2]:.1f} ms, p95 {1000 * times[len(times) * 95 // 100]:.1f} ms, "
        f"came second {late}, doubled {doubled}, left {left}"
    )
    Chore.objects.all().delete()
    return doubled


def claim_until_none_waits() -> None:
    """One of those processes: the order of `jobs.tasks.serve`, without the work."""
    from jobs.order import Line
    from tests.jobs.chores.models import Chore

    seconds, late = [], 0
    Chore.objects.first()  # connected
    began = started = time.monotonic()
    while (line := Line("cpu")).people:
        for job in line:
            if Chore.objects.claim(job.pk) is not None:
                seconds.append(time.monotonic() - started)
                started = time.monotonic()
                break
            late += 1
    say(json.dumps({"seconds": seconds, "late": late, "began": began, "ended": time.monotonic()}))


def per_job(people) -> None:
    """Queries, their time and what is left of one job after the other, in this process."""
    from django.db import connection

    from jobs.models import JobEvent
    from jobs.tasks import serve
    from tests.jobs.chores.models import Chore

    before, lines = database_bytes(), JobEvent.objects.count()
    steps = {"submit": [], "work": []}
    for _ in range(COST_JOBS):
        for step, act in (("submit", lambda: add(people, 1)), ("work", lambda: serve("cpu"))):
            taken: list[float] = []
            with connection.execute_wrapper(Stopwatch(taken)):
                act()
            steps[step].append(taken)
    kept = (database_bytes() - before) / COST_JOBS
    words = [
        f"{step} {statistics.median(len(taken) for taken in all_taken):.0f} queries, "
        f"{1000 * statistics.median(sum(taken) for taken in all_taken):.2f} ms"
        for step, all_taken in steps.items()
    ]
    rows = 1 + (JobEvent.objects.count() - lines) / COST_JOBS
    say(f"database per job: {'; '.join(words)}; left: {rows:.0f} rows, {kept / 1024:.1f} KiB with their indexes")
    Chore.objects.all().delete()


class Stopwatch:
    def __init__(self, taken: list[float]) -> None:
        self.taken = taken

    def __call__(self, execute, sql, params, many, context):
        began = time.perf_counter()
        try:
            return execute(sql, params, many, context)
        finally:
            self.taken.append(time.perf_counter() - began)


def database_bytes() -> int:
    from django.db import connection

    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute("SELECT pg_database_size(current_database())")
            return int(cursor.fetchone()[0])
        cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    return Path(connection.settings_dict["NAME"]).stat().st_size


def throughput(people, options) -> None:
    """No-op jobs through a supervisor and its cluster, all of them waiting when it begins."""
    from django.conf import settings
    from django.db.models import Max, Min

    from tests.jobs.chores.models import Chore

    add(people, options.chores, hinted=True)
    command = [sys.executable, settings.BASE_DIR / "manage.py", "runworkers", "--queues=cpu"]
    with (settings.VAR_DIR / "workers.log").open("w") as log:
        supervisor = subprocess.Popen([*command, f"--workers={options.workers}"], stdout=log, stderr=log)
    try:
        end = time.monotonic() + PATIENCE_SECONDS
        while Chore.objects.active().exists() and time.monotonic() < end:
            time.sleep(0.5)
    finally:
        supervisor.terminate()
        supervisor.wait()
    done = Chore.objects.filter(state="done").aggregate(first=Min("started_at"), last=Max("finished_at"))
    count, lasted = Chore.objects.filter(state="done").count(), (done["last"] - done["first"]).total_seconds()
    say(
        f"cluster: {count} of {options.chores} no-op jobs by {options.workers} workers in {lasted:.1f} s, "
        f"{count / lasted:.1f} a second"
    )


if __name__ == "__main__":
    sys.exit(main())
