import hashlib
import os
import re
import zipfile
from pathlib import Path

import pytest

from rvc.assets import ASSETS, AssetState, AssetStore, download, store, table
from rvc.assets.table import Asset, AssetFile
from rvc.errors import AssetError
from tests.rvc.hub import Hub, serve_hub

PITCH, OTHER_PITCH = b"pitch weights " * 5000, b"pitch weights, saved again " * 3000
CONFIG, WEIGHTS, OLD = b'{"layers": 12}', b"content weights " * 4000, b"fairseq form " * 4000


def _file(name: str, body: bytes, source: str = "") -> AssetFile:
    return AssetFile(name, len(body), hashlib.sha256(body).hexdigest(), source)


TABLE = {
    asset.name: asset
    for asset in (
        Asset("pitch", "pitch", "MIT", ((_file("p.pt", PITCH, "r/p.pt"),), (_file("p.pt", OTHER_PITCH),))),
        Asset(
            "content",
            "content",
            "MIT",
            (
                (_file("config.json", CONFIG, "r/config.json"), _file("model.bin", WEIGHTS, "r/model.bin")),
                (_file("old.pt", OLD),),
                (AssetFile("config.json", None, None), AssetFile("model.bin", None, None)),
            ),
            is_folder=True,
        ),
        Asset("bundled", "starter", "MIT", ((_file("b.bin", b"bundled" * 99),),), bundled="somewhere.zip"),
    )
}


@pytest.fixture(autouse=True)
def small_table(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(table, "ASSETS", TABLE)
    monkeypatch.setattr(store, "ASSETS", TABLE)
    monkeypatch.setattr(download, "PAUSE", 0.0)


@pytest.fixture
def hub() -> Hub:
    with serve_hub() as served:
        served.files = {"/r/p.pt": PITCH, "/r/config.json": CONFIG, "/r/model.bin": WEIGHTS}
        yield served


@pytest.fixture
def assets(tmp_path: Path, hub: Hub) -> AssetStore:
    return AssetStore(tmp_path / "assets", base_url=hub.url, allow_http=True)


def _code(caught: pytest.ExceptionInfo[AssetError]) -> str:
    return caught.value.code


def _state(assets: AssetStore, name: str) -> AssetState:
    return next(status.state for status in assets.status() if status.name == name)


def test_it_works(assets: AssetStore) -> None:
    seen: list[tuple[int, int | None]] = []
    path = assets.fetch("content", lambda done, total: seen.append((done, total)))
    assert path == assets.folder / "content"
    assert (path / "model.bin").read_bytes() == WEIGHTS
    assert seen[-1] == (len(CONFIG) + len(WEIGHTS),) * 2
    assert assets.path("content") == path
    assert assets.installed("content")
    assert _state(assets, "content") == "verified"


def test_a_single_file_has_its_own_path(assets: AssetStore) -> None:
    assert assets.fetch("pitch") == assets.folder / "pitch" / "p.pt"


def test_what_is_there_is_not_fetched_again(assets: AssetStore, hub: Hub) -> None:
    assets.fetch("pitch")
    assets.fetch("pitch")
    assert len(hub.requests) == 1


def test_a_missing_asset_says_which_command_brings_it(assets: AssetStore) -> None:
    with pytest.raises(AssetError, match=r"python3 run\.py manage assets fetch pitch") as caught:
        assets.path("pitch")
    assert _code(caught) == "needs_asset"
    assert not assets.installed("pitch")
    with pytest.raises(AssetError, match=re.escape("python3 run.py manage assets import somewhere.zip")):
        assets.path("bundled")


@pytest.mark.parametrize("verb", ["path", "installed", "verify", "fetch"])
def test_an_unknown_name_is_refused(assets: AssetStore, verb: str) -> None:
    with pytest.raises(AssetError, match="pitch, content") as caught:
        getattr(assets, verb)("../etc")
    assert _code(caught) == "unknown_asset"


def test_a_cut_connection_is_resumed_at_once(assets: AssetStore, hub: Hub) -> None:
    hub.cut_after = 1000
    assert assets.fetch("pitch").read_bytes() == PITCH
    assert [asked for _, asked in hub.requests] == ["", "bytes=1000-"]


def test_a_broken_off_download_is_continued_by_the_next_one(assets: AssetStore, hub: Hub) -> None:
    def interrupt(_done: int, _total: int | None) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        assets.fetch("pitch", interrupt)
    part = assets.folder / "pitch" / "p.pt.part"
    part.write_bytes(PITCH[:777])
    assert assets.fetch("pitch").read_bytes() == PITCH
    assert hub.requests[-1] == ("/r/p.pt", "bytes=777-")
    assert not part.exists()


def test_a_server_that_cannot_resume_sends_all_again(assets: AssetStore, hub: Hub) -> None:
    hub.cut_after, hub.ignores_range = 1000, True
    assert assets.fetch("pitch").read_bytes() == PITCH


def test_a_part_that_is_too_long_is_thrown_away(assets: AssetStore) -> None:
    part = assets.folder / "pitch" / "p.pt.part"
    part.parent.mkdir(parents=True)
    part.write_bytes(PITCH + b"x")
    assert assets.fetch("pitch").read_bytes() == PITCH


@pytest.mark.parametrize("body", [PITCH[:-1], PITCH + b"x"])
def test_another_length_is_refused_before_the_body_is_read(assets: AssetStore, hub: Hub, body: bytes) -> None:
    hub.files["/r/p.pt"] = body
    with pytest.raises(AssetError, match=f"offers {len(body)} bytes where {len(PITCH)}") as caught:
        assets.fetch("pitch")
    assert _code(caught) == "download_failed"


def test_another_content_is_refused_and_removed(assets: AssetStore, hub: Hub) -> None:
    hub.files["/r/p.pt"] = PITCH[:-1] + b"x"
    with pytest.raises(AssetError, match="not the published file") as caught:
        assets.fetch("pitch")
    assert _code(caught) == "asset_damaged"
    assert list((assets.folder / "pitch").iterdir()) == []


def test_a_missing_page_is_not_asked_for_twice(assets: AssetStore, hub: Hub) -> None:
    hub.files.clear()
    with pytest.raises(AssetError, match="404") as caught:
        assets.fetch("pitch")
    assert _code(caught) == "download_failed"
    assert len(hub.requests) == 1


def test_a_busy_server_is_asked_again(assets: AssetStore, hub: Hub) -> None:
    hub.failures = 2
    assert assets.fetch("pitch").read_bytes() == PITCH


def test_a_server_that_stays_busy_ends_in_one_sentence(assets: AssetStore, hub: Hub) -> None:
    hub.failures = 99
    with pytest.raises(AssetError, match="answered 503") as caught:
        assets.fetch("pitch")
    assert _code(caught) == "download_failed"
    assert len(hub.requests) == download.ATTEMPTS


def test_an_endless_body_ends(assets: AssetStore, hub: Hub) -> None:
    hub.endless = True
    with pytest.raises(AssetError, match="does not end") as caught:
        assets.fetch("pitch")
    assert _code(caught) == "download_failed"
    assert sum(path.stat().st_size for path in assets.folder.rglob("*") if path.is_file()) == 0


def test_a_redirect_is_followed_with_its_range(assets: AssetStore, hub: Hub) -> None:
    hub.files["/cdn"] = hub.files.pop("/r/p.pt")
    hub.redirect = f"{hub.url}/cdn"
    assert assets.fetch("pitch").read_bytes() == PITCH


@pytest.mark.parametrize("target", ["http://127.0.0.1:9/x", "ftp://127.0.0.1:9/x", "file:///etc/hostname"])
def test_only_https_is_fetched(tmp_path: Path, hub: Hub, target: str) -> None:
    hub.redirect = target
    strict = download._CheckedRedirects(allow_http=False)
    with pytest.raises(AssetError, match="only https"):
        strict.redirect_request(None, None, 302, "", {}, target)
    with pytest.raises(AssetError, match="only https"):
        AssetStore(tmp_path, base_url=hub.url).fetch("pitch")
    assert hub.requests == []


def test_a_redirect_to_a_file_is_refused(assets: AssetStore, hub: Hub) -> None:
    hub.redirect = "file:///etc/hostname"
    with pytest.raises(AssetError) as caught:
        assets.fetch("pitch")
    assert _code(caught) == "download_failed"


def test_a_bundled_asset_is_not_downloaded(assets: AssetStore) -> None:
    with pytest.raises(AssetError, match=r"somewhere\.zip") as caught:
        assets.fetch("bundled")
    assert _code(caught) == "download_failed"


def test_a_full_disk_is_said_before_the_download(assets: AssetStore, monkeypatch: pytest.MonkeyPatch, hub: Hub) -> None:
    monkeypatch.setattr(download.shutil, "disk_usage", lambda _path: _Usage())
    with pytest.raises(AssetError, match="free on that disk"):
        assets.fetch("pitch")
    assert hub.requests == []


class _Usage:
    free = 10


def _place(assets: AssetStore, name: str, filename: str, body: bytes) -> Path:
    path = assets.folder / name / filename
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(body)
    return path


def test_a_file_put_there_by_hand_is_hashed_at_its_first_use(assets: AssetStore) -> None:
    _place(assets, "pitch", "p.pt", OTHER_PITCH)
    assert assets.installed("pitch")
    assert _state(assets, "pitch") == "unchecked"
    assets.path("pitch")
    assert _state(assets, "pitch") == "verified"


def test_a_hash_is_computed_once(assets: AssetStore, monkeypatch: pytest.MonkeyPatch) -> None:
    assets.fetch("pitch")
    monkeypatch.setattr(store, "sha256_of", None)
    assert assets.path("pitch")
    assert AssetStore(assets.folder).path("pitch")


def test_damage_is_found_at_use(assets: AssetStore) -> None:
    path = assets.fetch("pitch")
    path.write_bytes(PITCH[:-1] + b"x")
    with pytest.raises(AssetError, match="remove") as caught:
        assets.path("pitch")
    assert _code(caught) == "asset_damaged"


def test_verify_finds_damage_that_left_size_and_time_alone(assets: AssetStore) -> None:
    path = assets.fetch("pitch")
    before = path.stat()
    path.write_bytes(PITCH[:-1] + b"x")
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
    with pytest.raises(AssetError) as caught:
        assets.verify("pitch")
    assert _code(caught) == "asset_damaged"


def test_a_file_of_a_wrong_size_is_damaged(assets: AssetStore) -> None:
    _place(assets, "pitch", "p.pt", PITCH[:50])
    assert not assets.installed("pitch")
    assert _state(assets, "pitch") == "damaged"


def test_the_older_form_is_enough(assets: AssetStore) -> None:
    _place(assets, "content", "old.pt", OLD)
    assert assets.path("content") == assets.folder / "content"


def test_files_nobody_published_a_hash_of_are_held_on_to(assets: AssetStore) -> None:
    _place(assets, "content", "config.json", b"{}")
    weights = _place(assets, "content", "model.bin", b"another publisher's copy")
    assets.path("content")
    assert _state(assets, "content") == "recorded"
    assert next(s for s in assets.status() if s.name == "content").digests["model.bin"]
    weights.write_bytes(b"another publisher's copy, changed")
    with pytest.raises(AssetError) as caught:
        assets.path("content")
    assert _code(caught) == "asset_damaged"


def test_a_published_size_must_have_the_published_hash(assets: AssetStore) -> None:
    _place(assets, "content", "config.json", CONFIG)
    _place(assets, "content", "model.bin", WEIGHTS[:-1] + b"x")
    with pytest.raises(AssetError) as caught:
        assets.path("content")
    assert _code(caught) == "asset_damaged"


def test_a_broken_record_only_costs_the_hashing(assets: AssetStore) -> None:
    assets.fetch("pitch")
    (assets.folder / "pitch" / "checked.json").write_text('["')
    assert assets.path("pitch")
    assert _state(assets, "pitch") == "verified"


def test_import_takes_files_by_content_from_folders_and_archives(assets: AssetStore, tmp_path: Path) -> None:
    carried = tmp_path / "carried" / "deep"
    carried.mkdir(parents=True)
    (carried / "whatever.dat").write_bytes(PITCH)
    (carried / "same_size.dat").write_bytes(b"\0" * len(PITCH))
    with zipfile.ZipFile(carried / "package-1.0.whl", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("../../escape/c.json", CONFIG)
        archive.writestr("weights", WEIGHTS)
    seen: list[int] = []
    assert assets.import_from(tmp_path / "carried", lambda done, _total: seen.append(done)) == ["content", "pitch"]
    assert _state(assets, "pitch") == _state(assets, "content") == "verified"
    assert seen[-1] == 2 * len(PITCH) + len(CONFIG) + len(WEIGHTS)
    assert not (tmp_path / "escape").exists()
    assert not list(assets.folder.rglob("*.part"))


def test_a_broken_archive_in_a_folder_keeps_nothing_out(assets: AssetStore, tmp_path: Path) -> None:
    carried = tmp_path / "carried"
    carried.mkdir()
    (carried / "aaa.zip").write_bytes(b"PK\x03\x04 cut off")
    (carried / "whatever.dat").write_bytes(PITCH)
    assert assets.import_from(carried) == ["pitch"]


def test_import_of_one_file(assets: AssetStore, tmp_path: Path) -> None:
    (tmp_path / "x.bin").write_bytes(OTHER_PITCH)
    assert assets.import_from(tmp_path / "x.bin") == ["pitch"]


@pytest.mark.parametrize("name", ["absent", "unknown.bin"])
def test_import_of_nothing_known_is_an_error(assets: AssetStore, tmp_path: Path, name: str) -> None:
    (tmp_path / "unknown.bin").write_bytes(b"x")
    with pytest.raises(AssetError) as caught:
        assets.import_from(tmp_path / name)
    assert _code(caught) == "unknown_asset"


def test_import_of_a_broken_archive_is_an_error(assets: AssetStore, tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "good.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("p", PITCH)
    body = bytearray((tmp_path / "good.zip").read_bytes())
    body[40] ^= 0xFF
    (tmp_path / "bad.zip").write_bytes(body)
    with pytest.raises(AssetError) as caught:
        assets.import_from(tmp_path / "bad.zip")
    assert _code(caught) == "asset_damaged"
    assert not list(assets.folder.rglob("*.p*t"))


def test_a_bomb_in_an_archive_is_not_unpacked(assets: AssetStore, tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "bomb.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("p", b"\0" * (64 << 20))
    with pytest.raises(AssetError) as caught:
        assets.import_from(tmp_path / "bomb.zip")
    assert _code(caught) == "unknown_asset"


def test_every_published_file_is_pinned() -> None:
    for asset in ASSETS.values():
        for file in asset.copies[0]:
            assert file.size
            assert re.fullmatch("[0-9a-f]{64}", file.sha256 or "")
        assert asset.fetchable or asset.bundled
        assert asset.licence


def test_the_bundled_encoder_can_be_imported(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(table, "ASSETS", ASSETS)
    monkeypatch.setattr(store, "ASSETS", ASSETS)
    real = AssetStore(tmp_path)
    root = Path(__file__).parent.parent.parent
    assert real.import_from(root / ASSETS["whisper-base"].bundled) == ["whisper-base"]
    assert {path.name for path in real.path("whisper-base").iterdir()} >= {
        "whisper-base-encoder.json",
        "whisper-base-encoder.safetensors",
    }
