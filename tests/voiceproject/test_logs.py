"""Log lines for people, and for programs."""

import contextvars
import json
import logging
import os
import socket
import subprocess
import sys
import time
import urllib.request

import pytest
from django.conf import settings as real

from voiceproject.logs import Context, JSONLine, about_job, request_id

SECONDS = 20


def record(message="done", *values, **fields):
    made = logging.LogRecord("jobs.tasks", logging.INFO, __file__, 1, message, values, fields.get("exc_info"))
    assert Context().filter(made)
    return made


def read(made):
    text = JSONLine().format(made)
    assert "\n" not in text
    return json.loads(text)


def test_it_works():
    fields = read(record("%s of %d", "one", 2))
    assert fields["message"] == "one of 2"
    assert (fields["level"], fields["logger"], fields["process"]) == ("INFO", "jobs.tasks", os.getpid())
    assert fields["time"].endswith("+00:00")


def test_outside_of_requests_and_jobs_nothing_is_said_of_them():
    assert record().request_id == "-"
    assert not {"request_id", "job_kind", "job_id", "exception"} & read(record()).keys()


def test_a_line_says_its_request_and_its_job():
    def work():
        request_id.set("r1")
        with about_job("conversion", "j1"):
            return read(record())

    fields = contextvars.copy_context().run(work)
    assert (fields["request_id"], fields["job_kind"], fields["job_id"]) == ("r1", "conversion", "j1")
    assert "job_id" not in read(record())


def test_an_exception_stays_in_its_line():
    try:
        raise ValueError("two\nlines")
    except ValueError:
        fields = read(record(exc_info=sys.exc_info()))
    assert fields["exception"].startswith("Traceback")
    assert "two\nlines" in fields["exception"]


@pytest.mark.django_db
def test_a_line_of_a_request_carries_the_number_of_the_answer(client, caplog):
    caplog.handler.addFilter(Context())
    answer = client.get("/nothing/here/")
    [line] = [read(made) for made in caplog.records if made.name == "django.request"]
    assert answer.status_code == 404
    assert line["request_id"] == answer["X-Request-ID"]


def test_the_web_server_speaks_json_from_its_first_line_to_its_last(tmp_path):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    environment = os.environ | {"LOG_FORMAT": "json", "VAR_DIR": str(tmp_path)}
    command = [sys.executable, "-m", "gunicorn", "voiceproject.wsgi", "--bind", f"127.0.0.1:{port}"]
    server = subprocess.Popen(command, cwd=real.BASE_DIR, env=environment, stderr=subprocess.PIPE, text=True)
    try:
        wait_for(f"http://127.0.0.1:{port}/healthz")
    finally:
        server.terminate()
    _, said = server.communicate(timeout=SECONDS)
    lines = [json.loads(line) for line in said.splitlines()]
    assert {"gunicorn.error"} <= {line["logger"] for line in lines}


def wait_for(address):
    end = time.monotonic() + SECONDS
    while True:
        try:
            with urllib.request.urlopen(address, timeout=SECONDS):
                return
        except OSError:
            if time.monotonic() > end:
                raise
            time.sleep(0.1)
