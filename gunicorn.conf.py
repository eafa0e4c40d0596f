"""gunicorn reads this file where it is started: with LOG_FORMAT=json its own lines are JSON as well."""

from voiceproject.settings import LOG_FORMAT, LOGGING

if LOG_FORMAT == "json":
    ours = {"level": "INFO", "handlers": [], "propagate": True}
    logconfig_dict = LOGGING | {"loggers": {"gunicorn.error": ours, "gunicorn.access": ours}}
