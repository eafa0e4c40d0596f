"""Voices on their way out: through the pages, the API and the command, and in again without a loss."""

from pathlib import Path

import faiss
import numpy as np
import pytest
import torch
from django.core.management import CommandError, call_command
from django.urls import reverse

from models_app.exports import KINDS, export_name
from models_app.models import VoiceModel
from tests import base

pytestmark = pytest.mark.django_db
VOICES = "/api/voices/"


def content(answer):
    return b"".join(answer.streaming_content)


def address(voice, kind):
    return f"{VOICES}{voice.pk}/export/{kind}/"


@pytest.fixture
def alices(api, alice):
    return api(alice)


def test_it_works(alices, voice, voice_file, tmp_path):
    answer = alices.get(address(voice, "pth"))
    assert answer.status_code == 200
    assert answer["Content-Disposition"] == 'attachment; filename="Tiny.pth"'
    assert answer["Content-Type"] == "application/octet-stream"
    assert (answer["X-Content-Type-Options"], answer["Cache-Control"]) == ("nosniff", "private, no-store")
    data = content(answer)
    assert int(answer["Content-Length"]) == len(data)
    (tmp_path / "out.pth").write_bytes(data)
    opened, sent = (torch.load(path, weights_only=True) for path in (tmp_path / "out.pth", voice_file))
    assert (opened["sr"], opened["version"], opened["f0"]) == (sent["sr"], "v2", 1)
    assert all(torch.equal(opened["weight"][name], tensor) for name, tensor in sent["weight"].items())


@pytest.mark.parametrize("kind", ["pth", "safetensors"])
def test_out_and_in_again_is_bit_identical(alices, bob, api, voice, kind):
    files = {
        "checkpoint": base.upload(content(alices.get(address(voice, kind))), f"a.{kind}"),
        "index": base.upload(content(alices.get(address(voice, "index"))), "a.index"),
    }
    answer = api(bob).post(VOICES, files)
    assert answer.status_code == 201, answer.content
    again = VoiceModel.objects.get(owner=bob)
    assert again.file.read() == voice.file.read()
    assert again.index_file.read() == voice.index_file.read()
    assert (again.facts, again.index_facts) == (voice.facts, voice.index_facts)


def test_faiss_opens_the_index(alices, voice, index_file, tmp_path):
    (tmp_path / "out.index").write_bytes(content(alices.get(address(voice, "index"))))
    opened, sent = faiss.read_index(str(tmp_path / "out.index")), faiss.read_index(str(index_file))
    wanted = np.random.default_rng(4).standard_normal((9, base.WHISPER_WIDTH), dtype=np.float32)
    for found, known in zip(opened.search(wanted, 5), sent.search(wanted, 5), strict=True):
        assert np.array_equal(found, known)


def test_a_voice_without_an_index_has_none_to_give(alices, alice, voice_file):
    voice = VoiceModel.objects.add(checkpoint=voice_file, owner=alice, name="Bare")
    assert alices.get(address(voice, "index")).status_code == 404


def test_a_damaged_voice_says_so(alices, client, alice, voice):
    Path(voice.file.path).write_bytes(b"gone")
    answer = alices.get(address(voice, "pth"))
    assert (answer.status_code, answer.json()["error"]["code"]) == (422, "damaged")
    client.force_login(alice)
    shown = client.get(reverse("voices:export-pth", args=[voice.pk]), follow=True)
    assert "A stored file is damaged" in shown.content.decode()


@pytest.mark.parametrize("kind", KINDS)
def test_sharing_a_voice_does_not_give_its_files_away(api, client, bob, make_voice, alice, kind):
    shared = make_voice(alice, visibility="everyone")
    assert api(bob).get(address(shared, kind)).status_code == 404
    client.force_login(bob)
    assert client.get(reverse(f"voices:export-{kind}", args=[shared.pk])).status_code == 404
    assert "Take it with you" not in client.get(shared.get_absolute_url()).content.decode()


def test_the_page_offers_what_there_is(client, alice, voice):
    client.force_login(alice)
    shown = client.get(voice.get_absolute_url()).content.decode()
    for kind in KINDS:
        link = reverse(f"voices:export-{kind}", args=[voice.pk])
        assert link in shown
        assert client.get(link)["Content-Disposition"].startswith("attachment")
    assert client.post(link).status_code == 405
    assert client.head(link)["Content-Length"] == client.get(link)["Content-Length"]


def test_staff_find_the_links_in_the_admin(client, staff, voice):
    client.force_login(staff)
    shown = client.get(reverse("admin:models_app_voicemodel_change", args=[voice.pk])).content.decode()
    link = reverse("voices:export-pth", args=[voice.pk])
    assert link in shown
    assert client.get(link).status_code == 200


@pytest.mark.parametrize(
    ("name", "file"),
    [
        ("../../etc/passwd", "-..-etc-passwd.pth"),
        ("C:\\x", "C--x.pth"),
        ("a\0b\r\nc", "abc.pth"),
        ("é" * 300, "é" * 120 + ".pth"),
        ("\u202egpj.exe", "gpj.exe.pth"),
        ("...", "voice.pth"),
    ],
)
def test_names_are_one_clean_line(alices, voice, name, file):
    VoiceModel.objects.update(name=name.replace("\0", "")[:120])
    voice.name = name
    assert export_name(voice, "pth") == file
    header = alices.get(address(voice, "pth"))["Content-Disposition"]
    assert header.startswith("attachment; ")
    assert "\n" not in header


def test_the_command_writes_all_there_is(voice, tmp_path, capsys):
    folder = tmp_path / "new" / "folder"
    call_command("voices", "export", "tiny", "--out", str(folder))
    written = {"Tiny.pth", "Tiny.safetensors", "Tiny.onnx", "added_IVF2_Flat_nprobe_1_Tiny_v2.index"}
    assert {path.name for path in folder.iterdir()} == written
    assert {Path(line).name for line in capsys.readouterr().out.split()} == written
    call_command("voices", "add", str(folder / "Tiny.pth"), "--name", "Again")
    assert VoiceModel.objects.get(name="Again").file.read() == voice.file.read()


def test_the_command_writes_over_nothing(voice, tmp_path):
    (tmp_path / "Tiny.safetensors").write_text("mine")
    with pytest.raises(CommandError, match=r"Tiny\.safetensors is there already"):
        call_command("voices", "export", "tiny", "--out", str(tmp_path))
    assert [path.read_text() for path in tmp_path.glob("Tiny*")] == ["mine"]
