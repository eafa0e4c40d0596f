"""The settings of the site in tests/hostile/site.py: workers say when they are ready, no housekeeping is due."""

from tests.settings import *  # noqa: F403

SWEEP_MINUTES = FORGET_MINUTES = 0
LOGGING = LOGGING | {"loggers": {}}  # noqa: F405 - the queue says when its workers are ready
