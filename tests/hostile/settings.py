"""The settings of the site in tests/hostile/site.py: workers say when they are ready, no housekeeping is due."""

from tests.settings import *  # noqa: F403

SWEEP_MINUTES = FORGET_MINUTES = 0
API_A_MINUTE = dict.fromkeys(API_A_MINUTE, 0)  # noqa: F405 - a hundred and fifty files come as fast as they are answered
LOGGING = LOGGING | {"loggers": {}}  # noqa: F405 - the queue says when its workers are ready
