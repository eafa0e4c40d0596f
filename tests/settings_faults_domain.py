"""As tests.settings_faults, with voices and conversions: for workers that do the real work."""

from tests.settings import JOB_LISTENERS as ALL_LISTENERS
from tests.settings_faults import *  # noqa: F403
from tests.settings_faults import EVERYTHING

INSTALLED_APPS = EVERYTHING
JOB_LISTENERS = ALL_LISTENERS  # those of the domain as well
ROOT_URLCONF = "voiceproject.urls"
