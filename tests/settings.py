"""The settings of every test: the product's own, with a scratch folder, and PostgreSQL when TEST_DATABASE says so."""

import os
import tempfile

os.environ.setdefault("ENV_FILE", os.devnull)  # the site in this checkout is not what is tested
os.environ.setdefault("SECRET_KEY", "only-for-tests-0123456789-abcdefghijklmnopqrstuvwxyz-0123456789")
if os.environ.get("PYTEST_XDIST_WORKER") not in (None, os.environ.get("VAR_DIR_OF")):
    # One of several processes that test: folder and database are its own, and those of the programs that it starts.
    os.environ["VAR_DIR_OF"] = os.environ["PYTEST_XDIST_WORKER"]
    os.environ.pop("VAR_DIR", None)
    if os.environ.get("TEST_DATABASE") == "postgres":
        os.environ.pop("DATABASE_URL", None)
os.environ.setdefault("VAR_DIR", tempfile.mkdtemp(prefix="voiceproject-test-"))
if os.environ.get("TEST_DATABASE") == "postgres" and "DATABASE_URL" not in os.environ:
    from tests.postgres import start

    os.environ["DATABASE_URL"] = start()

from voiceproject.catalogues import compile_catalogues
from voiceproject.settings import *  # noqa: F403
from voiceproject.settings import (
    API_A_MINUTE,
    BASE_DIR,
    DATABASES,
    INSTALLED_APPS,
    LOCALE_PATHS,
    STATIC_ROOT,
    STORAGES,
    VAR_DIR,
)

INSTALLED_APPS = [*INSTALLED_APPS, "tests.jobs.chores"]
ASSETS_DIR = VAR_DIR / "assets"  # its own: what is installed decides which pitch method "auto" is
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
# The manifest of the static files exists after collectstatic only.
STORAGES = STORAGES | {"staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}}
API_A_MINUTE = dict.fromkeys(API_A_MINUTE, 0)  # the same person asks in every test
CACHES = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}}
STATIC_ROOT.mkdir(exist_ok=True)
compile_catalogues(BASE_DIR / "locale", LOCALE_PATHS[0])  # as `manage.py prepare` does
if DATABASES["default"]["ENGINE"] == "django.db.backends.sqlite3":
    # A file, as in real life: several threads and processes open it, which a database in memory does not allow.
    DATABASES["default"]["TEST"] = {"NAME": VAR_DIR / "test.sqlite3"}
