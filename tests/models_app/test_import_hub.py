"""Repository pages of the model hub, on a local server that answers as the hub does."""

import hashlib
import json
import time

import pytest

from jobs.models import State
from models_app import tasks
from models_app.imports import hub
from models_app.models import VoiceImport, VoiceModel
from tests import base
from tests import network as net
from voiceproject.addresses import HostList

pytestmark = pytest.mark.django_db
PAGE = "https://hub.example/ana/singers"
LISTING = "/api/models/ana/singers/tree/main"
HOSTS = HostList(("hub.example",))


@pytest.fixture
def bring(api, alice, imports):
    def run(url=PAGE, **wish):
        answer = api(alice).post("/api/imports/", {"url": url, **wish}, format="json")
        assert answer.status_code == 202, answer.content
        tasks.import_voice(answer.json()["id"])
        return VoiceImport.objects.get(pk=answer.json()["id"])

    return run


def entry(path, body=b"", *, size=None, lfs=True):
    """A file as the hub lists it."""
    facts = {"type": "file", "oid": "0" * 40, "size": len(body) if size is None else size, "path": path}
    if lfs:
        facts["lfs"] = {"oid": hashlib.sha256(body).hexdigest(), "size": len(body), "pointerSize": 132}
    return facts


def listing(*entries, **headers):
    return lambda handler: handler.answer(200, json.dumps(entries).encode(), **headers)


@pytest.fixture
def repository(imports, voice_file, index_file):
    """A repository with one voice and its index, whose bytes come from the storage as the hub's do."""
    voice, index = voice_file.read_bytes(), index_file.read_bytes()
    imports["hub"].routes |= {
        LISTING: listing(
            {"type": "directory", "oid": "1", "size": 0, "path": "Mary"},
            entry("README.md", b"# Mary", lfs=False),
            entry("Mary/G_2333333.pth", b"training"),
            entry("Mary/Mary_e200_s4000.pth", voice),
            entry("Mary/added_IVF64_Flat_nprobe_1_Mary_v2.index", index),
        ),
        "/ana/singers/resolve/main/Mary/Mary_e200_s4000.pth": net.redirect("https://cdn.example/ab/cd?sign=1"),
        "/ana/singers/resolve/main/Mary/added_IVF64_Flat_nprobe_1_Mary_v2.index": net.serve(index),
    }
    imports["cdn"].routes["/ab/cd"] = net.serve(voice)
    return imports["hub"].routes


def test_the_only_voice_is_taken_with_its_index(bring, repository, imports):
    job = bring()
    assert (job.state, job.error_message, job.found) == (State.DONE, "", [])
    assert (job.voice.name, job.voice.has_index) == ("Mary_e200_s4000", True)
    assert job.voice.source_url == f"{PAGE}/resolve/main/Mary/Mary_e200_s4000.pth"
    assert imports["hub"].seen[0][0] == f"{LISTING}?recursive=true"


def test_the_checksum_of_the_hub_is_held_against_the_file(bring, repository, imports, voice_file):
    imports["cdn"].routes["/ab/cd"] = net.serve(voice_file.read_bytes() + b"\0")
    job = bring()
    assert (job.state, job.error_code) == (State.REJECTED, "wrong_checksum")
    assert base.files_left() == set()


def test_of_several_a_person_chooses(bring, repository, api, alice, voice_file, index_file):
    voice, index = voice_file.read_bytes(), index_file.read_bytes()
    repository[LISTING] = listing(
        entry("a/Ann.pth", voice), entry("a/Ann.index", index), entry("Bea.zip", b"zip"), entry("Ж/Цой 1.pth", b"x")
    )
    job = bring(name="My own")
    assert (job.state, job.voice, VoiceModel.objects.count()) == (State.DONE, None, 0)
    ann, bea, tsoi = api(alice).get(f"/api/imports/{job.pk}/").json()["found"]
    assert ann == {
        "path": "a/Ann.pth",
        "bytes": len(voice),
        "url": f"{PAGE}/resolve/main/a/Ann.pth",
        "sha256": hashlib.sha256(voice).hexdigest(),
        "index_path": "a/Ann.index",
        "index_url": f"{PAGE}/resolve/main/a/Ann.index",
        "index_sha256": hashlib.sha256(index).hexdigest(),
    }
    assert (bea["path"], bea["index_path"]) == ("Bea.zip", "")
    assert tsoi["url"] == f"{PAGE}/resolve/main/%D0%96/%D0%A6%D0%BE%D0%B9%201.pth"
    repository["/ana/singers/resolve/main/a/Ann.pth"] = net.serve(voice)
    repository["/ana/singers/resolve/main/a/Ann.index"] = net.serve(index)
    chosen = bring(**{name: ann[name] for name in ("url", "sha256", "index_url", "index_sha256")})
    assert (chosen.state, chosen.voice.name, chosen.voice.has_index) == (State.DONE, "Ann", True)


def test_all_pages_of_the_listing_are_read(bring, repository, imports):
    last = repository[LISTING]

    def pages(handler):
        if "cursor" in handler.path:
            last(handler)
        else:
            more = f'<https://hub.example{LISTING}?recursive=true&cursor=2>; rel="next"'
            listing(entry("README.md"), Link=more)(handler)

    repository[LISTING] = pages
    assert bring().state == State.DONE
    assert [path for path, _ in imports["hub"].seen][:2] == [
        f"{LISTING}?recursive=true",
        f"{LISTING}?recursive=true&cursor=2",
    ]


def test_a_folder_and_a_revision_of_it(bring, repository, imports):
    repository["/api/models/ana/singers/tree/v1.0/Mary/best"] = listing(entry("Mary/best/a.txt"))
    assert bring(f"{PAGE}/tree/v1.0/Mary/best").error_code == "not_a_voice"
    assert imports["hub"].seen[0][0] == "/api/models/ana/singers/tree/v1.0/Mary/best?recursive=true"


def test_a_page_about_a_file_leads_to_the_file(bring, repository):
    job = bring(f"{PAGE}/blob/main/Mary/Mary_e200_s4000.pth")
    assert (job.state, job.voice.source_url) == (State.DONE, f"{PAGE}/resolve/main/Mary/Mary_e200_s4000.pth")


def endless_list(handler):
    handler.head(Transfer_Encoding="chunked")
    handler.chunk(b"[")
    while True:
        handler.chunk(b'{"type": "file", "path": "a", "size": 1},' * 1000)


LISTINGS = {
    "no repository": (lambda handler: handler.answer(404), "upstream"),
    "not for everyone": (lambda handler: handler.answer(401), "upstream"),
    "a web page": (lambda handler: handler.answer(200, b"<!doctype html>"), "upstream"),
    "deep": (lambda handler: handler.answer(200, b"[" * 200_000), "upstream"),
    "an object": (lambda handler: handler.answer(200, b'{"error": "no"}'), "upstream"),
    "a bomb": (endless_list, "too_large"),
    "pages without end": (listing(entry("a"), Link=f'<{LISTING}?recursive=true>; rel="next"'), "url_not_allowed"),
    "loop": (listing(entry("a"), Link=f'<https://hub.example{LISTING}>; rel="next"'), "upstream"),
    "elsewhere": (listing(entry("a"), Link='<https://127.0.0.1/x>; rel="next"'), "url_not_allowed"),
    "no voice": (listing(entry("a.txt"), entry("b.index")), "not_a_voice"),
    "nonsense": (listing(1, None, [], {"type": "file"}, {"type": "file", "path": 3, "size": "x"}), "not_a_voice"),
}


@pytest.mark.parametrize("name", LISTINGS)
def test_listings_that_lead_nowhere(name, bring, imports):
    imports["hub"].routes[LISTING], code = LISTINGS[name]
    assert bring().error_code == code
    assert (imports.canary.visits, VoiceModel.objects.count(), base.files_left()) == (0, 0, set())


def test_a_path_that_climbs_stays_in_its_repository(bring, imports):
    """The list is a stranger's word: what it names is asked of the hub, and of nobody else."""
    imports["hub"].routes[LISTING] = listing(entry("../../../@127.0.0.1/a.pth"))
    assert bring().error_code == "upstream"
    assert imports["hub"].seen[1][0] == "/ana/singers/resolve/main/../../../%40127.0.0.1/a.pth"
    assert imports.canary.visits == 0


@pytest.mark.parametrize(
    ("url", "wanted"),
    [
        ("https://hub.example/ana/singers", ("", "ana/singers", "main", "")),
        ("https://hub.example/ana/singers/", ("", "ana/singers", "main", "")),
        ("https://hub.example/ana/singers?x=1", ("", "ana/singers", "main", "")),
        ("https://hub.example/ana/singers/tree/refs%2Fpr%2F1", ("", "ana/singers", "refs%2Fpr%2F1", "")),
        ("https://hub.example/datasets/ana/singers/tree/main/a/b", ("datasets/", "ana/singers", "main", "/a/b")),
        ("https://hub.example/ana/singers/resolve/main/a.pth", None),
        ("https://hub.example/ana/singers/blob/main/a.pth", None),
        ("https://hub.example/ana", None),
        ("https://hub.example/", None),
    ],
)
def test_addresses_of_repositories(url, wanted):
    found = hub.repository(HOSTS.read(url))
    assert (found and (found.kind, found.name, found.revision, found.folder)) == wanted


def test_a_page_of_another_host_is_a_file(bring, imports):
    imports["files"].routes["/ana/singers"] = net.serve(b"a letter " * 90)
    assert bring("https://files.example/ana/singers").error_code == "not_a_checkpoint"


@pytest.mark.parametrize(
    ("voice", "others", "indexes", "wanted"),
    [
        ("Mary_e200_s4000.pth", [], ["added_IVF64_Flat_nprobe_1_Mary_v2.index"], 0),
        ("Mary.pth", [], ["whatever.index"], 0),
        ("Mary.pth", ["Bob.pth"], ["whatever.index"], None),
        ("Mary.pth", ["Bob.pth"], ["added_Bob.index", "added_mary.index"], 1),
        ("Mary_e10_s400.pth", ["Mary_e20_s800.pth"], ["added.index"], 0),
        ("a/Mary.pth", [], ["b/added_Mary.index"], None),
        ("Mary.pth", [], ["trained_Mary.index", "added_Mary_larger.index"], 1),
        ("Mary.zip", [], ["Mary.index"], None),
    ],
)
def test_the_index_that_belongs_to_a_voice(voice, others, indexes, wanted):
    voices = [hub.File(path, 1, "") for path in (voice, *others)]
    found = [hub.File(path, len(path), "") for path in indexes]
    assert next(hub.paired(voices, found))[1] == (None if wanted is None else found[wanted])


def test_a_repository_of_twenty_thousand_files_is_read_in_seconds(bring, imports):
    names = [*(f"{number}_e1.pth" for number in range(10_000)), *(f"{number}.index" for number in range(10_000))]
    imports["hub"].routes[LISTING] = listing(*(entry(name, lfs=False) for name in names))
    before = time.process_time()
    job = bring()
    assert (job.state, len(job.found)) == (State.DONE, hub.MOST_VOICES)
    assert job.found[7]["index_path"] == "7.index"
    assert time.process_time() - before < 10
