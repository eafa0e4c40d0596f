"""As tests.settings_faults, with voices and conversions: for workers that do the real work."""

from tests.settings import JOB_LISTENERS  # noqa: F401 - of the domain as well
from tests.settings_faults import *  # noqa: F403
from tests.settings_faults import EVERYTHING

INSTALLED_APPS = EVERYTHING
ROOT_URLCONF = "voiceproject.urls"
