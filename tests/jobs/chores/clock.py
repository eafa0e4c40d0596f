"""The clock of the database, set by a test: as when an operator, or a time server, sets the machine's."""

import contextlib
import os
import sqlite3
from pathlib import Path

from django.db.backends.signals import connection_created

VARIABLE = "FAULTS_CLOCK"
"""Environment variable with the path of a file that says by how many seconds the clock is wrong."""


def follow_file():
    if VARIABLE in os.environ:
        connection_created.connect(shift, dispatch_uid=VARIABLE)


def shift(connection, **_):
    if connection.vendor == "sqlite":
        connection.connection.create_function("strftime", -1, sqlite_strftime)
    else:
        with connection.cursor() as cursor:
            cursor.execute("SET search_path = wrong_clock, pg_catalog, public")


def sqlite_strftime(form, moment, *modifiers):
    if moment.lower() == "now":
        modifiers = (f"{Path(os.environ[VARIABLE]).read_text()} seconds", *modifiers)
    with contextlib.closing(sqlite3.connect(":memory:")) as right:
        marks = ", ".join("?" * (2 + len(modifiers)))
        return right.execute(f"SELECT strftime({marks})", (form, moment, *modifiers)).fetchone()[0]


POSTGRES = """
CREATE SCHEMA wrong_clock;
CREATE TABLE wrong_clock.wrong_by (seconds double precision);
INSERT INTO wrong_clock.wrong_by VALUES (0);
CREATE FUNCTION wrong_clock.statement_timestamp() RETURNS timestamptz LANGUAGE sql STABLE AS $$
  SELECT pg_catalog.statement_timestamp() + make_interval(secs => (SELECT seconds FROM wrong_clock.wrong_by)) $$;
"""
