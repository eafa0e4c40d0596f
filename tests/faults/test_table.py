"""Every fault that the service is built for, what is required of it, and the tests that cause it.

Those in this folder kill, stop or drain real processes: a supervisor, its clusters, a web server, a database. All of
them run on SQLite with the other tests and on PostgreSQL as tests/faults/test_postgres.py says; what takes minutes is
marked `long`: `python3 run.py test -m long tests/faults`.
"""

import ast
import functools

import pytest
from django.conf import settings

TESTS = settings.BASE_DIR / "tests"
PROCESSES, OPERATIONS = "faults/test_processes.py::", "faults/test_operations.py::"
CONVERSIONS, PAGES = "faults/test_conversions.py::", "conversions/test_keeping.py::"

TABLE = {
    "R1": ("kill -9 a busy worker: its job runs again, with one result", PROCESSES + "test_kill_busy",
           CONVERSIONS + "test_kill_busy_and_orphans", "faults/test_checks.py::test_kill_while_checking"),
    "R2": ("kill -9 idle workers: work goes on", PROCESSES + "test_kill_idle",
           PROCESSES + "test_kill_idle_is_noticed_before_there_is_work"),
    "R3": ("kill -9 the sentinel: no orphans, another cluster", PROCESSES + "test_kill_sentinel"),
    "R4": ("kill -9 the supervisor: its children die with it, its successor loses nothing",
           PROCESSES + "test_kill_supervisor"),
    "R5": ("power cut at random points: every job is done, once", OPERATIONS + "test_crash_points",
           OPERATIONS + "test_crash_points_of_twenty"),
    "R6": ("a job that kills its worker fails after its attempts; others are unharmed",
           PROCESSES + "test_poison_and_hang_and_oom_hurt_nobody_else"),
    "R7": ("native code that hangs is ended: job_timed_out",
           PROCESSES + "test_poison_and_hang_and_oom_hurt_nobody_else"),
    "R8": ("too little memory: out_of_memory, and another worker",
           PROCESSES + "test_poison_and_hang_and_oom_hurt_nobody_else"),
    "R9": ("a twin that comes too late is fenced off, its files go", PROCESSES + "test_fenced",
           CONVERSIONS + "test_fenced", "jobs/test_states.py::test_a_replaced_worker_publishes_nothing"),
    "R10": ("lost hints are sent again", PROCESSES + "test_lost_hints"),
    "R11": ("fifty hints for one job: it runs once", PROCESSES + "test_duplicate_hints_and_junk",
            "jobs/test_perform.py::test_of_many_claims_at_once_one_wins"),
    "R12": ("the clock jumps by hours: nothing runs twice, nothing waits for ever", OPERATIONS + "test_clock",
            "jobs/test_reaper.py::test_after_the_clock_was_set_leases_get_time_to_be_renewed"),
    "R13": ("a full disk is told, nothing half-written stays, all goes on when there is room",
            CONVERSIONS + "test_disk_full", "test_full_disk.py::test_without_room_it_is_told_and_nothing_stays",
            "test_full_disk.py::test_a_full_database_is_told",
            "jobs/test_perform.py::test_a_job_waits_while_the_storage_does_not_answer"),
    "R14": ("a folder that cannot be written; SQLite locked for longer than a lease", OPERATIONS + "test_locked",
            "voiceproject/test_checks.py::test_a_folder_that_cannot_be_made_is_one_sentence",
            "test_full_disk.py::test_a_disk_that_cannot_be_written_is_told"),
    "R16": ("the database or Redis is restarted: all connect again", OPERATIONS + "test_backend_restart",
            "faults/test_redis.py::"),
    "R17": ("a migration while workers of the old program run: they take nothing, nobody crashes",
            OPERATIONS + "test_rolling", "jobs/test_schema.py::test_a_job_that_runs_meanwhile_is_no_crash"),
    "R18": ("SIGTERM: it ends soon, and what was not finished waits again", PROCESSES + "test_sigterm"),
    "R19": ("a cancel ends the work within five seconds and leaves no file", CONVERSIONS + "test_cancel",
            PROCESSES + "test_cancel_stops_a_running_job"),
    "R20": ("a voice is deleted while it is in use", CONVERSIONS + "test_delete_in_use"),
    "R21": ("a browser vanishes during its upload: nothing stays, nothing is counted",
            "faults/test_uploads.py::test_dropped_upload"),
    "R22": ("a browser vanishes during its download: the file is closed, and ranges go on",
            "test_files.py::test_it_closes_the_file_when_the_client_drops", "test_files.py::test_it_answers_validators",
            PAGES + "test_one_that_breaks_off_does_not_count_until_it_is_resumed"),
    "R23": ("a bit of a stored voice flips: damaged, and the check of the storage says so",
            CONVERSIONS + "test_bitrot"),
    "R24": ("a file without a row is swept; a row without its file is named",
            CONVERSIONS + "test_kill_busy_and_orphans",
            "conversions/test_storage_command.py::test_a_row_without_its_file_is_told"),
    "R25": ("a server that is down, slow or endless: upstream, soon",
            "models_app/test_imports.py::test_misbehaviour_ends_in_its_code",
            "voiceproject/test_fetching.py::test_a_drip_that_never_falls_silent"),
    "R26": ("hours of it: nothing lost, doubled or stuck, and memory stays (`python3 run.py soak`)",
            "faults/test_soak.py::test_soak"),
    "R27": ("a thousand jobs of one person, one of another", PROCESSES + "test_fairness",
            "jobs/test_order.py::test_a_thousand_jobs_of_one_delay_anothers_first_by_one"),
    "R28": ("another SECRET_KEY: jobs live, sessions end, tokens stay", OPERATIONS + "test_rotate_key",
            "faults/test_keys.py::test_rotate_key_ends_sessions_and_keeps_tokens"),
}  # fmt: skip


@functools.cache
def functions_of(name):
    tree = ast.parse((TESTS / name).read_text())
    return {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef) and node.name.startswith("test_")}


def test_every_number_has_its_line():
    assert list(TABLE) == [f"R{number}" for number in range(1, 29) if number != 15]


@pytest.mark.parametrize("number", TABLE)
def test_its_tests_are_there(number):
    _, *tests = TABLE[number]
    assert tests
    for test in tests:
        name, _, function = test.partition("::")
        assert functions_of(name)
        assert not function or function in functions_of(name), test
