import shutil
import tempfile
import uuid
from dataclasses import replace
from pathlib import Path

import hypothesis
import pytest
from django.conf import settings
from rest_framework.test import APIClient

from tests import base, buckets
from voiceproject.copies import copies

HEAVY = ("conversions", "hostile", "faults", "clients", "browser")
"""Folders of files that take longest, in this order: of several processes none is left with one of them at the end.

The first of them looks at no clock: with it the checks of `run.py test` share the processors.
"""

# What an example may cost is said where it matters: a moment in which the machine does something else is no failure.
hypothesis.settings.register_profile("any machine", deadline=None)
hypothesis.settings.load_profile("any machine")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Heavy folders first; what is in one stays in its order."""
    order = {folder: number for number, folder in enumerate(HEAVY)}
    tests = Path(__file__).parent
    items.sort(key=lambda item: order.get(item.path.relative_to(tests).parts[0], len(order)))


def pytest_unconfigure(config: pytest.Config) -> None:
    """The scratch folder of this run goes with it."""
    if settings.configured and settings.VAR_DIR.is_relative_to(tempfile.gettempdir()):
        shutil.rmtree(settings.VAR_DIR, ignore_errors=True)


@pytest.fixture
def own_folder(settings, tmp_path) -> Path:
    """Files of people in a folder of this test's own, so that it can say what was left behind."""
    settings.VAR_DIR = tmp_path / "var"
    settings.FILE_UPLOAD_TEMP_DIR = settings.VAR_DIR / "uploads"
    settings.FILE_UPLOAD_TEMP_DIR.mkdir(parents=True)
    default = {**settings.STORAGES["default"], "OPTIONS": {"location": settings.VAR_DIR / "files"}}
    settings.STORAGES = {**settings.STORAGES, "default": default}
    return settings.VAR_DIR


@pytest.fixture(scope="session")
def object_server():
    """A server that keeps buckets, as a process of its own."""
    with buckets.serve() as address:
        yield address


@pytest.fixture
def bucket(settings, own_folder, object_server) -> str:
    """Files of people in a fresh bucket, and copies of them in a folder of this test's own."""
    name = buckets.create(object_server)
    buckets.use(settings, object_server, name)
    settings.FILE_CACHE_DIR = own_folder / "cache" / "files"
    settings.FEATURE_CACHE_DIR = own_folder / "cache" / "features"
    copies.cache_clear()
    yield name
    copies.cache_clear()


@pytest.fixture
def alice(django_user_model):
    """Owns the things of a test."""
    return django_user_model.objects.create_user("alice", password="a long enough secret")


@pytest.fixture
def bob(django_user_model):
    """A stranger: another person on the same server."""
    return django_user_model.objects.create_user("bob", password="a long enough secret")


@pytest.fixture
def staff(django_user_model):
    return django_user_model.objects.create_superuser("staff", password="a long enough secret")


@pytest.fixture
def api():
    """A client of the API for somebody, or for nobody."""

    def client_of(user=None):
        client = APIClient()
        if user is not None:
            client.force_authenticate(user)
        return client

    return client_of


@pytest.fixture(scope="session")
def voice_file(tmp_path_factory) -> Path:
    """A small voice as people bring it, whose encoder comes with the code."""
    path = tmp_path_factory.mktemp("voice") / "tiny.pth"
    base.write_tiny_voice(path)
    return path


@pytest.fixture(scope="session")
def index_file(tmp_path_factory) -> Path:
    path = tmp_path_factory.mktemp("index") / "tiny.index"
    base.write_index(path, width=base.WHISPER_WIDTH)
    return path


@pytest.fixture(scope="session")
def checked_voice(voice_file, index_file):
    """The small voice with its index, checked once: the child that does it costs a third of a second."""
    from models_app import ingest

    return ingest.check(voice_file, index_file)


@pytest.fixture
def make_voice(checked_voice):
    from models_app.models import VoiceModel

    def make(owner=None, **fields):
        voice = VoiceModel(owner=owner, **{"name": "Tiny", **fields})
        checked = base.copy_of(checked_voice)
        if VoiceModel.objects.filter(owner=owner, checkpoint_sha256=checked.sha256).exists():
            checked = replace(checked, sha256=uuid.uuid4().hex * 2)  # as if it were another file
        voice.store(checked)
        return voice

    return make


@pytest.fixture
def voice(make_voice, alice):
    """Alice's voice; nobody else may use it."""
    return make_voice(alice)


@pytest.fixture
def encoder():
    """The content encoder that comes with the code, installed."""
    from models_app.bundled import ENCODER, FOLDER
    from rvc.assets import AssetStore

    store = AssetStore(settings.ASSETS_DIR)
    if not store.installed(ENCODER):
        store.import_from(FOLDER / "encoder.zip")


@pytest.fixture(scope="session")
def internet():
    """Local servers with names, public addresses and certificates; a certificate costs some milliseconds."""
    from tests.network import Network

    return Network()


@pytest.fixture
def network(internet):
    internet.reset()
    return internet
