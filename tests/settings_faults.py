"""The settings of the worker processes in tests/faults: no domain, short leases. The database is the test's own."""

from tests.settings import *  # noqa: F403
from tests.settings import INSTALLED_APPS as EVERYTHING

OURS = ("voiceproject", "jobs", "webhooks", "tests.jobs.chores")
INSTALLED_APPS = [app for app in EVERYTHING if app in OURS or not (BASE_DIR / app).is_dir()]  # noqa: F405
ROOT_URLCONF = "tests.faults.urls"
JOB_TICK_SECONDS = 0.5
JOB_BEAT_SECONDS = 0.5
JOB_LEASE_SECONDS = 5
JOB_HINT_SECONDS = 2
JOB_STALL_SECONDS = 4
JOB_LISTENERS = ["webhooks.telling.tell"]
SWEEP_MINUTES = FORGET_MINUTES = 0  # they belong to the domain
LOGGING = LOGGING | {"loggers": {}}  # noqa: F405 - the queue says when its workers are ready
