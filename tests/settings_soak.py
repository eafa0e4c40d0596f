"""The settings of the soak: a site of its own with the product's own times, and cheap jobs beside the real ones."""

from tests.settings import *  # noqa: F403

DATABASES["default"].pop("TEST", None)  # noqa: F405 - the site's own database, as in real life
RVC_THREADS = 1
JOB_TIMEOUT_SECONDS = 60
Q_CLUSTER = Q_CLUSTER | {"timeout": JOB_TIMEOUT_SECONDS, "retry": JOB_TIMEOUT_SECONDS * 4}  # noqa: F405
IMPORT_FROM_ADDRESSES = True
IMPORT_HOSTS = ["nowhere.invalid"]
SWEEP_MINUTES = FORGET_MINUTES = 2
