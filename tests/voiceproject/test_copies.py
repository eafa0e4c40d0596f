"""Copies of stored files on this machine: fetched once, checked, bounded, and never taken from under somebody."""

import hashlib
import os
import subprocess
import sys
import threading

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import InMemoryStorage

from rvc.errors import VoiceFileError
from voiceproject.copies import HELD, Copies, copies, local_path

NAME = "voices/one"
CONTENT = bytes(range(256)) * 5000


class Counting(InMemoryStorage):
    """A storage without paths that notes what is fetched, and may send something else than it has."""

    def __init__(self):
        super().__init__()
        self.fetched = []
        self.sent = None

    def _open(self, name, mode="rb"):
        self.fetched.append(name)
        return super()._open(name, mode) if self.sent is None else ContentFile(self.sent)

    def size(self, name):
        return super()._open(name).size


@pytest.fixture
def storage():
    storage = Counting()
    storage.save(NAME, ContentFile(CONTENT))
    return storage


@pytest.fixture
def cache(tmp_path):
    return Copies(tmp_path, 1 << 30)


def files(cache):
    return {path.name for path in cache.folder.glob("*/*")}


def test_it_works(cache, storage):
    path = cache.path(storage, NAME, hashlib.sha256(CONTENT).hexdigest())
    assert path.read_bytes() == CONTENT
    assert cache.path(storage, NAME) == path
    assert storage.fetched == [NAME]
    assert cache.names() == [NAME]


@pytest.mark.django_db
def test_a_file_on_a_disk_is_used_where_it_lies(voice):
    path = local_path(voice.file, "whatever")
    assert str(path) == voice.file.path
    assert path.stat().st_nlink == 1


@pytest.mark.django_db
def test_a_file_in_a_bucket_is_copied_and_goes_with_it(bucket, voice):
    path = local_path(voice.file)
    assert path.stat().st_size == voice.file.size
    voice.file.storage.delete(voice.file.name)
    assert not path.exists()
    with pytest.raises(FileNotFoundError):
        local_path(voice.file)
    assert copies().names() == []


def test_many_who_want_it_at_once_fetch_it_once(cache, storage):
    together = threading.Barrier(8)
    seen = []

    def want():
        together.wait()
        seen.append(Copies(cache.folder, cache.budget).path(storage, NAME).read_bytes() == CONTENT)

    threads = [threading.Thread(target=want) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert seen == [True] * 8
    assert storage.fetched == [NAME]


@pytest.mark.parametrize("sent", [CONTENT[:-1], CONTENT + b"x", b"", CONTENT[:-1] + b"x"])
def test_what_is_not_the_file_is_not_kept(cache, storage, sent):
    storage.sent = sent
    with pytest.raises(VoiceFileError) as caught:
        cache.path(storage, NAME, hashlib.sha256(CONTENT).hexdigest())
    assert caught.value.code == "damaged"
    assert files(cache) == set()
    storage.sent = None
    assert cache.path(storage, NAME).read_bytes() == CONTENT


def test_a_fetch_that_is_ended_leaves_nothing(cache, storage):
    def tick():
        raise InterruptedError

    with pytest.raises(InterruptedError):
        cache.path(storage, NAME, tick=tick)
    assert files(cache) == set()


def test_what_was_used_longest_ago_makes_room(cache, storage):
    names = [f"voices/{number}" for number in range(HELD + 4)]
    for name in names:
        storage.save(name, ContentFile(b"x" * 1000))
    cache.budget = (HELD + 2) * 1000
    for name in names[:-2]:
        cache.path(storage, name)
    for name in names[1:HELD]:
        cache.path(storage, name)  # the first was not used again
    cache.path(storage, names[-2])
    assert names[0] not in cache.names()
    assert set(names[1:HELD]) <= set(cache.names())
    assert len(cache.names()) == HELD + 2


def test_what_a_process_uses_stays_and_what_it_leaves_goes(cache, storage):
    cache.budget = 0
    script = (
        "import sys; from pathlib import Path; from voiceproject.copies import _opened;"
        "handle = _opened(Path(sys.argv[1])); print('open', flush=True); sys.stdin.read()"
    )
    cache.path(storage, NAME)
    other = Copies(cache.folder, 0)
    environment = os.environ | {"DJANGO_SETTINGS_MODULE": "tests.settings"}
    process = subprocess.Popen(
        [sys.executable, "-c", script, cache.folder / NAME],
        env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
    )  # fmt: skip
    assert process.stdout.readline() == b"open\n"
    cache._held.popleft().close()
    storage.save("voices/two", ContentFile(b"x"))
    other.path(storage, "voices/two")
    assert set(cache.names()) == {NAME, "voices/two"}, "another process has it open"
    process.kill()
    process.communicate()
    other._make_room(cache.folder / "voices/two")
    assert cache.names() == ["voices/two"]


def test_a_second_copy_counts_as_the_first(cache, storage):
    """What was loaded is kept by name and time: a copy that was fetched again need not be loaded again."""
    before = cache.path(storage, NAME).stat().st_mtime_ns
    cache.forget(NAME)
    assert cache.path(storage, NAME).stat().st_mtime_ns == before
    assert len(storage.fetched) == 2


def test_parts_of_killed_processes_go_after_a_while(cache, storage):
    cache.path(storage, NAME)
    old, young = (cache.folder / f"voices/{name}.part" for name in ("old", "young"))
    for part in (old, young):
        part.write_bytes(b"half")
    os.utime(old, (0, 0))
    storage.save("voices/two", ContentFile(b"x"))
    cache.path(storage, "voices/two")
    assert not old.exists()
    assert young.exists()
