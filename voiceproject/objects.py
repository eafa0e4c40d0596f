"""Files of people in a bucket that all machines share: by the S3 protocol, whoever speaks it at the other end.

A name stands for a whole file here as well: an object can be seen once all of it has arrived. Nobody is ever sent to
the bucket: files leave through the site, which asks the row who may see them.
"""

import io
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import TYPE_CHECKING, Any

from boto3.exceptions import Boto3Error
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError, NoCredentialsError, PartialCredentialsError
from django.core.files import File
from storages.backends.s3 import S3Storage

from rvc.errors import StorageError
from voiceproject.copies import copies

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

BUFFER = 1 << 18
NO_ROOM = (507, "EntityTooLarge", "XMinioStorageFull", "QuotaExceeded")


class Objects(S3Storage):  # type: ignore[misc]
    """Every trouble with the bucket is a StorageError, and a file that is not there a FileNotFoundError."""

    def __init__(self, **options: Any) -> None:
        style = options.pop("addressing_style", "auto")
        options["client_config"] = Config(
            s3={"addressing_style": style},
            connect_timeout=5,
            read_timeout=20,
            retries={"mode": "standard", "total_max_attempts": 2},
        )
        super().__init__(**options)

    def _open(self, name: str, mode: str = "rb") -> "File[Any]":
        if mode != "rb":
            raise ValueError("Objects are read as bytes, and written whole with `save`.")
        with self.named_errors(name):
            return ObjectFile(self, name)

    def _save(self, name: str, content: "File[Any]") -> str:
        with self.named_errors(name):
            return str(super()._save(name, content))

    def delete(self, name: str) -> None:
        """With the copy that this machine has of it; those of other machines go when these are swept."""
        with self.named_errors(name):
            super().delete(name)
        copies().forget(name)

    def exists(self, name: str) -> bool:
        try:
            self.size(name)
        except FileNotFoundError:
            return False
        return True

    def listdir(self, name: str) -> tuple[list[str], list[str]]:
        with self.named_errors(name):
            folders, names = super().listdir(name)
        return folders, names

    def size(self, name: str) -> int:
        with self.named_errors(name):
            return int(self.object(name).content_length)

    def get_modified_time(self, name: str) -> datetime:
        with self.named_errors(name):
            modified: datetime = self.object(name).last_modified
        return modified

    def make_bucket(self) -> bool:
        """Make the bucket if there is none of this name; whether it was made. Raises StorageError."""
        client = self.connection.meta.client
        elsewhere = self.region_name not in {None, "us-east-1"}
        place = {"CreateBucketConfiguration": {"LocationConstraint": self.region_name}} if elsewhere else {}
        try:
            client.head_bucket(Bucket=self.bucket_name)
        except ClientError as error:
            if _status(error) != 404:
                raise _trouble(error) from error
            with self.named_errors(self.bucket_name):
                client.create_bucket(Bucket=self.bucket_name, **place)
            return True
        except BotoCoreError as error:
            raise StorageError("storage_unreachable") from error
        return False

    def object(self, name: str) -> Any:
        return self.connection.Object(self.bucket_name, self._normalize_name(name))

    @contextmanager
    def named_errors(self, name: str) -> Iterator[None]:
        try:
            yield
        except ClientError as error:
            if _status(error) != 404:
                raise _trouble(error) from error
            self._check_bucket()
            raise FileNotFoundError(f"There is no {name} in the bucket.") from error
        except (NoCredentialsError, PartialCredentialsError) as error:
            raise StorageError("storage_denied") from error
        except (BotoCoreError, Boto3Error) as error:
            raise StorageError("storage_unreachable") from error

    def _check_bucket(self) -> None:
        """A bucket that is gone answers like a file that is gone, and nothing must be concluded from it."""
        try:
            self.connection.meta.client.head_bucket(Bucket=self.bucket_name)
        except ClientError as error:
            raise StorageError("storage_denied") from error
        except BotoCoreError as error:
            raise StorageError("storage_unreachable") from error


def _status(error: ClientError) -> int:
    return int(error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0))


def _trouble(error: ClientError) -> StorageError:
    status, code = _status(error), error.response.get("Error", {}).get("Code")
    if status in NO_ROOM or code in NO_ROOM:
        return StorageError("storage_full")
    return StorageError("storage_denied" if 400 <= status < 429 else "storage_unreachable")


class ObjectFile(File):  # type: ignore[type-arg]
    """An object that is open for reading, and may be opened again."""

    def __init__(self, storage: Objects, name: str) -> None:
        self.storage = storage
        super().__init__(io.BufferedReader(Body(storage, name), BUFFER), name)

    def open(self, mode: str | None = None, *_: Any, **__: Any) -> "ObjectFile":
        if self.closed:
            self.file = io.BufferedReader(Body(self.storage, str(self.name)), BUFFER)
        else:
            self.seek(0)
        return self


class Body(io.RawIOBase):
    """The bytes of an object from wherever they are read: what nobody asks for is not sent."""

    def __init__(self, storage: Objects, name: str) -> None:
        self.storage = storage
        self.name = name
        self.object = storage.object(name)
        self.size: int = self.object.content_length
        self.at = 0
        self.stream: Any = None

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self.at

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        start = {io.SEEK_SET: 0, io.SEEK_CUR: self.at, io.SEEK_END: self.size}[whence]
        if start + offset != self.at:
            self._hang_up()
        self.at = start + offset
        return self.at

    def readinto(self, buffer: "WriteableBuffer") -> int:
        room = memoryview(buffer)
        if self.at >= self.size or not room:
            return 0
        with self.storage.named_errors(self.name):
            if self.stream is None:
                self.stream = self.object.get(Range=f"bytes={self.at}-", IfMatch=self.object.e_tag)["Body"]
            data: bytes = self.stream.read(len(room))
        if not data:
            raise StorageError("storage_unreachable")  # it ended before its end
        room[: len(data)] = data
        self.at += len(data)
        return len(data)

    def close(self) -> None:
        self._hang_up()
        super().close()

    def _hang_up(self) -> None:
        if self.stream is not None:
            self.stream.close()
            self.stream = None
