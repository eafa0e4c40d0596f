"""A real server for buckets, as a process of its own, and servers that are none."""

import socket
import subprocess
import sys
import threading
import time
import uuid
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress

import boto3

KEY, SECRET, REGION = "a key", "a secret", "us-east-1"


def free_port() -> int:
    with closing(socket.socket()) as some:
        some.bind(("127.0.0.1", 0))
        return some.getsockname()[1]


@contextmanager
def serve(port: int = 0) -> Iterator[str]:
    """The address of a server that has no bucket yet."""
    port = port or free_port()
    command = [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(port)]
    server = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        _wait_for(port)
        yield f"http://127.0.0.1:{port}"
    finally:
        server.kill()
        server.wait()


def _wait_for(port: int) -> None:
    end = time.monotonic() + 30
    while time.monotonic() < end:
        with closing(socket.socket()) as line:
            if line.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.1)
    raise TimeoutError("the server for buckets does not start")


class Line:
    """A way to a server that can be cut, and mended at the same address."""

    def __init__(self, address: str) -> None:
        self.target = ("127.0.0.1", int(address.rpartition(":")[2]))
        self.port = free_port()
        self.address = f"http://127.0.0.1:{self.port}"
        self.mend()

    def mend(self) -> None:
        self.ends: list[socket.socket] = []
        self.listening = socket.create_server(("127.0.0.1", self.port))
        threading.Thread(target=self._accept, args=(self.listening,), daemon=True).start()

    def cut(self) -> None:
        for end in (self.listening, *self.ends):
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
            end.close()

    def _accept(self, listening: socket.socket) -> None:
        with suppress(OSError):
            while True:
                pair = (listening.accept()[0], socket.create_connection(self.target))
                self.ends += pair
                for source, target in (pair, pair[::-1]):
                    threading.Thread(target=_pass_on, args=(source, target), daemon=True).start()


def _pass_on(source: socket.socket, target: socket.socket) -> None:
    with suppress(OSError):
        while data := source.recv(1 << 16):
            target.sendall(data)
        target.shutdown(socket.SHUT_WR)


def client(address: str):
    return boto3.client(
        "s3", endpoint_url=address, region_name=REGION, aws_access_key_id=KEY, aws_secret_access_key=SECRET
    )


def create(address: str) -> str:
    name = f"bucket-{uuid.uuid4().hex}"
    client(address).create_bucket(Bucket=name)
    return name


def environment(address: str, name: str) -> dict[str, str]:
    """What a process needs to know to keep its files there."""
    return {
        "STORAGE_BUCKET": name,
        "STORAGE_ENDPOINT": address,
        "STORAGE_REGION": REGION,
        "STORAGE_KEY": KEY,
        "STORAGE_SECRET": SECRET,
        "STORAGE_ADDRESSING": "path",
    }


def use(settings, address: str, name: str) -> None:
    options = {"bucket_name": name, "endpoint_url": address, "region_name": REGION}
    options |= {"access_key": KEY, "secret_key": SECRET, "addressing_style": "path"}
    default = {"BACKEND": "voiceproject.objects.Objects", "OPTIONS": options}
    settings.STORAGES = {**settings.STORAGES, "default": default}


def names(address: str, name: str) -> set[str]:
    """Everything that lies in a bucket."""
    listed = client(address).list_objects_v2(Bucket=name)
    return {entry["Key"] for entry in listed.get("Contents", ())}
