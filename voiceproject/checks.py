"""System checks: a configuration that would lose jobs, or open the site, is named before anything starts."""

import os
import re
from collections.abc import Sequence
from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, Warning, register
from django.core.exceptions import ImproperlyConfigured

from rvc import sandbox
from rvc.errors import RVCError

LONG_ENOUGH = 50
ENOUGH_FOR_A_TOKEN = 20
ORIGIN = re.compile(r"https?://([a-z0-9-]+(\.[a-z0-9-]+)*|\[[0-9a-f:]+\])(:[1-9]\d{0,4})?")
HOST = re.compile(r"\*|(\*\.)?[\w-]+(\.[\w-]+)+", re.ASCII)
KEY_MISSING = (
    "SECRET_KEY is not set: run `python3 run.py`, which makes one, or put at least 50 random characters into .env."
)


def secret_key() -> str:
    try:
        return str(settings.SECRET_KEY)
    except ImproperlyConfigured:
        return ""


@register
def check_secret_key(**_: Any) -> Sequence[CheckMessage]:
    key = secret_key()
    if not key:
        return [Error(KEY_MISSING, id="voiceproject.E001")]
    if len(key) < LONG_ENOUGH or len(set(key)) < 5:
        hint = "Sessions and job hints are signed with it: use at least 50 random characters."
        return [Warning("SECRET_KEY can be guessed.", hint=hint, id="voiceproject.W001")]
    return []


@register
def check_metrics_token(**_: Any) -> Sequence[CheckMessage]:
    if 0 < len(settings.METRICS_TOKEN) < ENOUGH_FOR_A_TOKEN:
        hint = f"Use at least {ENOUGH_FOR_A_TOKEN} random characters: nothing slows down who tries many."
        return [Warning("METRICS_TOKEN can be guessed.", hint=hint, id="voiceproject.W003")]
    return []


@register
def check_exposure(**_: Any) -> Sequence[CheckMessage]:
    if settings.DEBUG and not settings.ONLY_LOOPBACK:
        hint = "Set DEBUG=false, or take every name but localhost out of ALLOWED_HOSTS."
        return [
            Error(
                "DEBUG shows settings and source to everyone who can reach the site.", hint=hint, id="voiceproject.E002"
            )
        ]
    return []


@register
def check_folders(**_: Any) -> Sequence[CheckMessage]:
    folders = (settings.VAR_DIR, settings.FILE_UPLOAD_TEMP_DIR)
    return [
        Error(f"Nothing can be written to {folder}.", hint="Change its owner, or set VAR_DIR.", id="voiceproject.E003")
        for folder in folders
        if not os.access(folder, os.W_OK | os.X_OK)
    ]


@register
def check_queue(**_: Any) -> Sequence[CheckMessage]:
    queue = settings.Q_CLUSTER
    # Each line: what must hold, and what happens to a job otherwise.
    rules = (
        (queue.get("orm") == "default", "orm must be default: a hint is committed together with its job."),
        (queue["workers"] >= 1, "workers must be at least 1, or nothing is ever converted."),
        (queue["retry"] > queue["timeout"], "retry must be above timeout, or jobs that run are delivered again."),
        (queue.get("max_attempts") == 1, "max_attempts must be 1: attempts are counted in the row of the job."),
        (queue.get("ack_failures") is True, "ack_failures must be on, or failed hints come back for ever."),
        (queue.get("scheduler") is False, "scheduler must be off: a schedule runs any function by its name."),
    )
    return [Error(f"Q_CLUSTER: {sentence}", id="voiceproject.E010") for holds, sentence in rules if not holds]


@register
def check_jobs(**_: Any) -> Sequence[CheckMessage]:
    rules = (
        (settings.JOB_LEASE_SECONDS > 3 * settings.JOB_BEAT_SECONDS, "JOB_LEASE_SECONDS must last several beats."),
        (settings.JOB_STALL_SECONDS > settings.JOB_HINT_SECONDS, "JOB_STALL_SECONDS must be above JOB_HINT_SECONDS."),
        (settings.JOB_MAX_ATTEMPTS >= 1, "JOB_MAX_ATTEMPTS must be at least 1."),
        (settings.JOB_TIMEOUT_SECONDS >= 1, "JOB_TIMEOUT_SECONDS must be at least 1."),
    )
    return [Error(sentence, id="voiceproject.E011") for holds, sentence in rules if not holds]


@register
def check_import_hosts(**_: Any) -> Sequence[CheckMessage]:
    hint = "Write names alone: files.example.org, *.example.org for all below it, or * for every public host."
    return [
        Error(f"IMPORT_HOSTS: {host!r} is no name of a host.", hint=hint, id="voiceproject.E012")
        for host in settings.IMPORT_HOSTS
        if not HOST.fullmatch(host.strip())
    ]


@register
def check_cors_origins(**_: Any) -> Sequence[CheckMessage]:
    hint = "Write each as browsers do: scheme, name and port alone, in small letters, like https://app.example.org."
    return [
        Error(f"CORS_ORIGINS: {origin!r} is no origin.", hint=hint, id="voiceproject.E013")
        for origin in settings.CORS_ALLOWED_ORIGINS
        if not ORIGIN.fullmatch(origin)
    ]


@register
def check_bucket(**_: Any) -> Sequence[CheckMessage]:
    if settings.STORAGE_BUCKET and settings.DATABASES["default"]["ENGINE"].endswith("sqlite3"):
        hint = "An upload is stored inside the transaction of its row: set DATABASE_URL to a PostgreSQL."
        return [Warning("With files in a bucket SQLite makes everybody wait.", hint=hint, id="voiceproject.W004")]
    return []


@register(deploy=True)  # it starts a process, which is too much for every command
def check_sandbox(**_: Any) -> Sequence[CheckMessage]:
    try:
        missing = sandbox.missing_protections()
    except RVCError as error:
        return [Error(error.message, hint="No voice and no recording can be read.", id="voiceproject.E004")]
    if not missing:
        return []
    hint = f"Missing: {'; '.join(missing)}."
    return [Warning("Strangers' files are read with less protection.", hint=hint, id="voiceproject.W002")]
