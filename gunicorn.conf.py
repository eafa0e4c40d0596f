"""gunicorn reads this file where it is started: with LOG_FORMAT=json its own lines are JSON as well."""

import resource

from voiceproject.settings import LOG_FORMAT, LOGGING

# Every file of a batch that is being sent is an open file, of which 1024 are allowed as a rule: two batches.
FILES = 8192
soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
if soft < FILES and (hard == resource.RLIM_INFINITY or hard >= FILES):
    resource.setrlimit(resource.RLIMIT_NOFILE, (FILES, hard))

if LOG_FORMAT == "json":
    ours = {"level": "INFO", "handlers": [], "propagate": True}
    logconfig_dict = LOGGING | {"loggers": {"gunicorn.error": ours, "gunicorn.access": ours}}
