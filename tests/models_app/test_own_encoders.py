"""A voice that was trained with an encoder nobody here has published, from its upload to its first sound."""

import re
from io import StringIO

import pytest
import torch
from django.core.management import CommandError, call_command

from models_app import ingest, tasks
from models_app.models import VoiceCheck, VoiceModel, VoiceState
from tests import base

pytestmark = pytest.mark.django_db

ENCODER = base.GOLDEN / "tiny_hubert.pt"


@pytest.fixture(autouse=True)
def _own_folder(own_folder, settings, tmp_path):
    """A machine where nothing is installed, and an engine of its own."""
    settings.ASSETS_DIR = tmp_path / "assets"
    tasks.converter.cache_clear()
    yield
    tasks.converter.cache_clear()


@pytest.fixture
def custom_voice(tmp_path, alice):
    """A v2 voice of Alice's that says it was trained with an embedder of its trainer's own."""
    content = torch.load(base.GOLDEN / "tiny_v2_40k_f0.pth", weights_only=True)
    hidden = content["weight"]["enc_p.emb_phone.weight"].shape[0]
    width = torch.load(ENCODER, weights_only=True)["model"]["post_extract_proj.weight"].shape[0]
    content["weight"]["enc_p.emb_phone.weight"] = torch.ones(hidden, width) * 0.05
    content["embedder_model"] = "custom"
    torch.save(content, tmp_path / "voice.pth")
    voice = VoiceModel(owner=alice, name="Own")
    voice.store(ingest.check(tmp_path / "voice.pth"))
    return voice


def run(*words):
    out, err = StringIO(), StringIO()
    try:
        call_command("assets", *words, stdout=out, stderr=err)
    except SystemExit:
        return err.getvalue()
    return out.getvalue()


def check(voice):
    tasks.check_voice(str(VoiceCheck.objects.waiting().get().pk))
    voice.refresh_from_db()


def test_it_works(custom_voice, client, alice):
    assert custom_voice.missing_asset == "custom"
    check(custom_voice)
    assert (custom_voice.state, bool(custom_voice.preview)) == (VoiceState.READY, False)
    client.force_login(alice)
    assert "assets import FOLDER --as custom" in client.get(custom_voice.get_absolute_url()).content.decode()

    said = run("import", str(ENCODER), "--as", "custom")
    assert re.match(r"custom: recorded\nhubert\.pt: sha256 [0-9a-f]{64}, recorded at its first use\n1 voice", said)
    assert custom_voice.missing_asset is None
    check(custom_voice)
    assert custom_voice.preview
    assert "custom" in run("list")


def test_an_encoder_that_cannot_be_loaded_is_not_kept(tmp_path, settings):
    (tmp_path / "bad.safetensors").write_bytes(b"x" * 99)
    assert "cannot be read" in run("import", str(tmp_path / "bad.safetensors"), "--as", "custom")
    torch.save({"model": {}}, tmp_path / "empty.pt")
    assert "cannot be used" in run("import", str(tmp_path / "empty.pt"), "--as", "custom")
    assert list(settings.ASSETS_DIR.iterdir()) == []


def test_one_name_takes_one_folder(tmp_path):
    with pytest.raises(CommandError, match="Only one"):
        run("import", str(tmp_path), str(tmp_path), "--as", "custom")
