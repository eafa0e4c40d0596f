"""A zip in the one field for a voice: what is taken from it, what is said, and that nothing is kept of a bad one."""

import hashlib
import random
from pathlib import Path

import pytest
from django.core.management import call_command
from django.urls import reverse

from models_app.models import VoiceModel
from rvc.voicefile.index import open_stored_index
from rvc.voicefile.voice import open_stored_voice, read_voice
from tests import base
from tests.hostile.make_archives import MAKERS, zipped
from tests.hostile.make_checkpoints import make as make_hostile

pytestmark = pytest.mark.django_db
VOICES = "/api/voices/"
PICTURE = b"\x89PNG\r\n\x1a\n" + bytes(64)


@pytest.fixture
def bundle(voice_file, index_file) -> bytes:
    """What people share: a voice, its index, the wrong index beside it, a picture."""
    wrong = (base.GOLDEN / "tiny_256.index").read_bytes()
    files = {"tiny.pth": voice_file.read_bytes(), "added_good.index": index_file.read_bytes(), "old.index": wrong}
    return zipped(*((f"May/{name}", data) for name, data in files.items()), ("May/cover.png", PICTURE))


@pytest.fixture
def alices(api, alice):
    return api(alice)


def test_it_works(alices, alice, bundle, voice_file, index_file):
    answer = alices.post(VOICES, {"checkpoint": base.upload(bundle, "Aunt May.zip")})
    assert answer.status_code == 201, answer.content
    voice = VoiceModel.objects.get()
    assert (voice.name, voice.encoder, voice.index_facts["vectors"]) == ("Aunt May", "whisper-base", 64)
    assert voice.checkpoint_sha256 == hashlib.sha256(bundle).hexdigest()
    report = answer.json()["report"]
    assert report == voice.report
    assert (report["zip"], report["sha256"]) == (True, voice.checkpoint_sha256)
    assert [(line["name"], line["kind"], line["taken"]) for line in report["files"]] == [
        ("May/tiny.pth", "voice", True),
        ("May/added_good.index", "index", True),
        ("May/old.index", "index", False),
        ("May/cover.png", "other", False),
    ]
    assert report["files"][0]["sha256"] == hashlib.sha256(voice_file.read_bytes()).hexdigest()
    assert report["files"][1]["sha256"] == hashlib.sha256(index_file.read_bytes()).hexdigest()
    stored = open_stored_voice(Path(voice.file.path))
    assert stored.header == read_voice(voice_file).header
    assert open_stored_index(Path(voice.index_file.path)).width == base.WHISPER_WIDTH
    assert len(base.files_left()) == 2


def test_the_page_says_what_was_taken_and_why(client, alice, bundle):
    client.force_login(alice)
    answer = client.post(reverse("voices:add"), {"checkpoint": base.upload(bundle, "anything.pth")}, follow=True)
    shown = answer.content.decode()
    assert "From your zip we took" in shown
    assert "May/tiny.pth, because it is the only voice." in shown
    assert "May/added_good.index, because it is the only index that fits." in shown
    assert "May/old.index: The index holds vectors of width 256" in shown
    assert "May/cover.png: It is a picture." in shown


def test_others_do_not_read_the_report(api, bob, client, make_voice, alice):
    told = {"zip": True, "sha256": "", "files": [{"name": "private.txt", "kind": "other", "taken": False, "why": "…"}]}
    shared = make_voice(alice, visibility="everyone")
    VoiceModel.objects.update(report=told)
    assert api(bob).get(f"{VOICES}{shared.pk}/").json()["report"] is None
    client.force_login(bob)
    assert "private.txt" not in client.get(shared.get_absolute_url()).content.decode()


def test_a_name_in_the_zip_is_shown_as_text(client, alice, voice_file):
    client.force_login(alice)
    data = zipped(("<img src=x>\u202e.pth", voice_file.read_bytes()))
    shown = client.post(reverse("voices:add"), {"checkpoint": base.upload(data, "a.zip")}, follow=True)
    assert "&lt;img src=x&gt;.pth" in shown.content.decode()
    assert "<img src=x" not in shown.content.decode()


def test_an_index_beside_the_zip_is_the_one_used(alices, bundle, tmp_path):
    base.write_index(tmp_path / "own.index", width=base.WHISPER_WIDTH, count=80)
    own = base.upload(tmp_path / "own.index", "own.index")
    answer = alices.post(VOICES, {"checkpoint": base.upload(bundle, "a.zip"), "index": own})
    assert VoiceModel.objects.get().index_facts["vectors"] == 80
    taken = [line["name"] for line in answer.json()["report"]["files"] if line["taken"]]
    assert taken == ["May/tiny.pth", "own.index"]


@pytest.mark.parametrize(
    ("sent", "label"),
    [
        ("../../etc/passwd", "passwd"),
        ("C:\\x.pth", "x.pth"),
        ("a\0b.pth", "ab.pth"),
        ("é" * 300, "é" * 120),
        ("\u202egpj.pth", "gpj.pth"),
    ],
)
def test_the_report_has_clean_names(alice, voice_file, sent, label):
    upload = base.upload(voice_file)
    upload._name = sent  # what a browser may send in spite of Django's cleaning
    voice = VoiceModel.objects.add(checkpoint=upload, owner=alice, name="x")
    assert voice.report["files"][0]["name"] == label
    assert base.files_left() == {f"files/voices/{voice.pk.hex}.safetensors"}


def test_a_file_has_a_report_too(alices, voice_file):
    answer = alices.post(VOICES, {"checkpoint": base.upload(voice_file, "x.zip")})
    report = answer.json()["report"]
    assert (report["zip"], report["files"][0]["name"], len(report["files"])) == (False, "x.zip", 1)


@pytest.mark.parametrize("name", MAKERS)
def test_hostile_zips_leave_nothing(alices, voice_file, name):
    answer = alices.post(VOICES, {"checkpoint": base.upload(MAKERS[name](voice_file.read_bytes()), "a.zip")})
    error = answer.json()["error"]
    assert (answer.status_code, error["code"], error["field"]) == (422, "bad_container", "checkpoint")
    assert not VoiceModel.objects.exists()
    assert base.files_left() == set()


def test_other_zips_get_their_code_and_leave_nothing(alices, voice_file, index_file, tmp_path, subtests):
    bomb = tmp_path / "bomb.pth"
    base.write_bomb(bomb, tmp_path / "marker")
    tries = {
        "no voice": (zipped(("cover.png", PICTURE), ("a.index", index_file.read_bytes())), "not_a_voice"),
        "bomb": (zipped(("a.pth", bomb.read_bytes())), "forbidden_content"),
        "torchscript": (make_hostile("torchscript.pth", tmp_path).read_bytes(), "forbidden_content"),
        "pt2": (make_hostile("other_zip.pth", tmp_path).read_bytes(), "bad_container"),
        "many entries": (make_hostile("many_entries.pth", tmp_path).read_bytes(), "bad_container"),
        "checkpoint twice": (make_hostile("exec_dup_entry.pth", tmp_path).read_bytes(), "duplicate_entry"),
    }
    for name, (data, code) in tries.items():
        with subtests.test(name):
            answer = alices.post(VOICES, {"checkpoint": base.upload(data, "a.zip")})
            assert (answer.status_code, answer.json()["error"]["code"]) == (422, code)
    assert not (tmp_path / "marker").exists()
    assert not VoiceModel.objects.exists()
    assert base.files_left() == set()


def test_what_unfolds_past_the_limit_is_too_large(alices, settings):
    settings.MAX_VOICE_MB = 1
    tape = zipped(("tape", bytes(random.Random(1).choices(b"ab", k=2 << 20))))
    answer = alices.post(VOICES, {"checkpoint": base.upload(tape, "a.zip")})
    assert (answer.status_code, answer.json()["error"]["code"]) == (413, "too_large")


def test_the_command_says_what_it_took(tmp_path, bundle, capsys):
    (tmp_path / "May.zip").write_bytes(bundle)
    call_command("voices", "add", str(tmp_path / "May.zip"))
    assert VoiceModel.objects.get().name == "May"
    told = capsys.readouterr().out
    assert "May/tiny.pth: taken as the voice, because it is the only voice." in told
    assert "May/cover.png: It is a picture." in told


def test_staff_add_zips(client, staff, bundle):
    client.force_login(staff)
    fields = {"name": "Desk", "description": "", "licence": "", "origin": "", "quality": "", "recommended": "{}"}
    add = reverse("admin:models_app_voicemodel_add")
    assert client.post(add, {**fields, "checkpoint": base.upload(bundle, "a.zip")}).status_code == 302
    voice = VoiceModel.objects.get()
    change = client.get(reverse("admin:models_app_voicemodel_change", args=[voice.pk]))
    assert b"May/added_good.index" in change.content
