"""Content encoders that an operator brings: under a name, whole or not at all, held on to once seen."""

from pathlib import Path

import pytest

from rvc.assets import AssetStore
from rvc.errors import AssetError
from rvc.voicefile.header import encoder_name


@pytest.fixture
def store(tmp_path: Path) -> AssetStore:
    return AssetStore(tmp_path / "assets")


@pytest.fixture
def brought(tmp_path: Path) -> Path:
    folder = tmp_path / "brought"
    folder.mkdir()
    (folder / "config.json").write_text("{}")
    (folder / "pytorch_model.bin").write_bytes(b"weights")
    (folder / "README.md").write_text("not taken")
    return folder


def test_it_works(store: AssetStore, brought: Path) -> None:
    status = store.import_as(brought, "custom")
    assert (status.name, status.state, set(status.digests)) == (
        "custom",
        "recorded",
        {"config.json", "pytorch_model.bin"},
    )
    assert store.installed("custom")
    assert store.path("custom") == store.folder / "custom"
    assert [line.name for line in store.status()][-1] == "custom"
    assert {path.name for path in store.path("custom").iterdir()} == {
        "config.json",
        "pytorch_model.bin",
        "checked.json",
    }


def test_what_is_not_here_says_how_to_bring_it(store: AssetStore) -> None:
    assert not store.installed("my-encoder")
    with pytest.raises(AssetError, match=r"assets import FOLDER --as my-encoder") as caught:
        store.path("my-encoder")
    assert caught.value.code == "needs_asset"
    assert "my-encoder" not in [line.name for line in store.status()]


@pytest.mark.parametrize("ending", ["safetensors", "pt"])
def test_a_single_file_is_enough(store: AssetStore, tmp_path: Path, ending: str) -> None:
    (tmp_path / f"x.{ending}").write_bytes(b"weights")
    store.import_as(tmp_path / f"x.{ending}", "custom")
    assert store.installed("custom")


def test_a_changed_file_is_noticed(store: AssetStore, brought: Path) -> None:
    store.import_as(brought, "custom")
    (store.folder / "custom" / "pytorch_model.bin").write_bytes(b"others")
    with pytest.raises(AssetError) as caught:
        store.path("custom")
    assert caught.value.code == "asset_damaged"


def test_a_newer_one_takes_the_place_of_the_old(store: AssetStore, brought: Path) -> None:
    store.import_as(brought, "custom")
    (brought / "pytorch_model.bin").write_bytes(b"newer")
    store.import_as(brought, "custom")
    assert (store.path("custom") / "pytorch_model.bin").read_bytes() == b"newer"
    assert [path.name for path in store.folder.iterdir()] == ["custom"]


def test_nothing_is_left_of_one_that_cannot_be_loaded(store: AssetStore, brought: Path) -> None:
    def refuse(_name: str, _folder: Path) -> None:
        raise AssetError("asset_damaged", "No.")

    with pytest.raises(AssetError, match="No"):
        store.import_as(brought, "custom", refuse)
    assert list(store.folder.iterdir()) == []


def test_another_publishers_contentvec_is_trusted_on_first_use(store: AssetStore, brought: Path) -> None:
    assert store.import_as(brought, "contentvec").state == "recorded"
    assert store.path("contentvec")


@pytest.mark.parametrize("name", ["../etc", "", ".hidden", "A", "a/b", "x" * 61, "spin", "rmvpe"])
def test_other_names_are_refused(store: AssetStore, brought: Path, name: str) -> None:
    with pytest.raises(AssetError) as caught:
        store.import_as(brought, name)
    assert caught.value.code == "unknown_asset"
    assert not store.folder.exists()


@pytest.mark.parametrize("where", ["absent", "brought/README.md"])
def test_what_holds_no_weights_is_refused(store: AssetStore, brought: Path, tmp_path: Path, where: str) -> None:
    with pytest.raises(AssetError, match="no weights"):
        store.import_as(tmp_path / where, "custom")


@pytest.mark.parametrize(
    ("written", "name"),
    [
        ("contentvec", "contentvec"),
        ("hubert_base.pt", "contentvec"),
        ("spin", "spin"),
        ("spin-v2", "spin-v2"),
        ("Spin_V2", "spin-v2"),
        ("chinese-hubert-base", "chinese-hubert-base"),
        ("japanese_hubert_base", "japanese-hubert-base"),
        ("korean-hubert-base", "korean-hubert-base"),
        ("whisper-base", "whisper-base"),
        ("custom", "custom"),
        ("My Own Encoder", "my-own-encoder"),
        ("../../etc/passwd", "etc-passwd"),
        ("C:\\models\\x", "c-models-x"),
        ("日本", "custom"),
        ("y" * 90, "y" * 60),
    ],
)
def test_every_name_that_a_voice_may_carry_becomes_an_asset(store: AssetStore, written: str, name: str) -> None:
    assert encoder_name(written) == name
    assert not store.installed(name)
    with pytest.raises(AssetError, match="manage assets") as caught:
        store.path(name)
    assert caught.value.code == "needs_asset"
