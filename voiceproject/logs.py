"""What a log line carries besides its words: the request and the job it belongs to; as a line, or as JSON."""

import json
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, datetime
from typing import Any

NOTHING = "-"

request_id: ContextVar[str] = ContextVar("request_id", default=NOTHING)
job_kind: ContextVar[str] = ContextVar("job_kind", default=NOTHING)
job_id: ContextVar[str] = ContextVar("job_id", default=NOTHING)

CONTEXT = {"request_id": request_id, "job_kind": job_kind, "job_id": job_id}


def log_everything(level: str, form: str, queue_level: str) -> dict[str, Any]:
    """Django's LOGGING: everything on one stream. form: a formatter below; queue_level: how much the queue says."""
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "filters": {"context": {"()": "voiceproject.logs.Context"}},
        "formatters": {
            "line": {"format": "{asctime} {levelname} {name} [{request_id}] {message}", "style": "{"},
            "json": {"()": "voiceproject.logs.JSONLine"},
        },
        "handlers": {"console": {"class": "logging.StreamHandler", "formatter": form, "filters": ["context"]}},
        "root": {"handlers": ["console"], "level": level},
        # The queue tells of every hint; what becomes of the jobs is told by `jobs`.
        "loggers": {"django-q": {"level": queue_level}, "faiss.loader": {"level": "WARNING"}},
    }


@contextmanager
def about_job(kind: str, pk: str) -> Iterator[None]:
    """Every line that is logged meanwhile says which job it is about."""
    kind_token, id_token = job_kind.set(kind), job_id.set(pk)
    try:
        yield
    finally:
        job_kind.reset(kind_token)
        job_id.reset(id_token)


class Context(logging.Filter):
    """Gives every record the request and the job it belongs to, `-` outside of them."""

    def filter(self, record: logging.LogRecord) -> bool:
        for name, variable in CONTEXT.items():
            setattr(record, name, variable.get())
        if request_id.get() == NOTHING:  # Django speaks of an answer's status when every middleware has ended
            record.request_id = getattr(getattr(record, "request", None), "number", NOTHING)
        return True


class JSONLine(logging.Formatter):
    """One object in one line: for programs that collect logs. Fields that have nothing to say are left out."""

    def format(self, record: logging.LogRecord) -> str:
        fields = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname,
            "logger": record.name,
            "process": record.process,
            "message": record.getMessage(),
        }
        context = {name: getattr(record, name, NOTHING) for name in CONTEXT}
        fields |= {name: value for name, value in context.items() if value != NOTHING}
        if record.exc_info:
            fields["exception"] = self.formatException(record.exc_info)
        if record.stack_info:
            fields["stack"] = self.formatStack(record.stack_info)
        return json.dumps(fields, ensure_ascii=False)
