"""python -m rvc, as a person types it."""

import re
import subprocess
import sys
import zipfile
from pathlib import Path

import numpy as np
import pytest
import soundfile

from rvc.__main__ import main
from rvc.assets import AssetStore
from tests.rvc.golden import golden

STARTER = Path(__file__).parents[2] / "models_app" / "starter"


@pytest.fixture(scope="module")
def starter(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The starter voice unpacked, its encoder installed in assets/ beside it."""
    folder = tmp_path_factory.mktemp("starter")
    AssetStore(folder / "assets").import_from(STARTER / "encoder.zip")
    zipfile.ZipFile(STARTER / "voice.zip").extractall(folder)
    return folder


def command(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "rvc", *map(str, arguments)], capture_output=True, text=True, check=False
    )


def test_it_converts_real_speech(starter: Path, tmp_path: Path) -> None:
    index = next(starter.glob("*.index"))
    flags = ["--index", index, "--index-rate", "0.2", "--pitch", "1", "--assets", starter / "assets", "--threads", "1"]
    done = command("convert", STARTER / "sample.wav", starter / "starter.pth", tmp_path / "out.flac", *flags)
    assert done.returncode == 0, done.stderr
    assert "7.100 s at 25600 Hz" in done.stdout
    assert re.search(r", seed [1-9]\d*$", done.stdout.splitlines()[0]), "the same sound can be had again"
    assert "100% encode" in done.stderr
    samples, rate = soundfile.read(tmp_path / "out.flac")
    assert (len(samples), rate) == (181760, 25600)
    assert 0.01 < np.sqrt(np.mean(samples**2)) < 0.3


def test_it_says_what_a_voice_is(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["info", str(golden("tiny_v2_40k_f0.pth"))]) == 0
    out = capsys.readouterr().out
    assert "sample_rate      40000" in out
    assert "speakers         3" in out


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (["info", "nowhere.pth"], "not_found"),
        (["info", __file__], "not_a_checkpoint"),
        (["convert", "nowhere.wav", "x.pth", "out.wav"], "not_found"),
        (["convert", __file__, __file__, "/nowhere/out.wav"], "not_found"),
        (["convert", __file__, __file__, "out.wav", "--pitch", "99"], "bad_option"),
        (["convert", __file__, __file__, "out.xyz"], "bad_option"),
        (["convert", __file__, __file__, "out.mp3", "--format", "flac"], "bad_option"),
        (["convert", __file__, __file__, "out.wav"], "not_a_checkpoint"),
    ],
)
def test_a_failure_is_one_sentence(arguments: list[str], code: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(arguments) == 1
    assert capsys.readouterr().err.strip().endswith(f"[{code}]")


@pytest.mark.parametrize(
    "flags", [["--threads", "-3"], ["--max-seconds", "nan"], ["--max-seconds", "0"], ["--f0", "x"]]
)
def test_arguments_that_mean_nothing_are_refused(flags: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match="2"):
        main(["convert", __file__, __file__, "out.wav", *flags])
    assert f"argument {flags[0]}" in capsys.readouterr().err


def test_a_result_replaces_no_recording_and_no_folder(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    recording, voice = tmp_path / "same.wav", str(golden("tiny_v2_40k_f0.pth"))
    recording.write_bytes((STARTER / "sample.wav").read_bytes())
    (tmp_path / "folder.wav").mkdir()
    for target, said in (("same.wav", "give it another name"), ("folder.wav", "is a folder")):
        assert main(["convert", str(recording), voice, str(tmp_path / target)]) == 1
        assert said in capsys.readouterr().err
    assert recording.read_bytes() == (STARTER / "sample.wav").read_bytes()


def test_an_unknown_ending_is_answered_with_the_known_ones(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    voice = str(golden("tiny_v2_40k_f0.pth"))
    assert main(["convert", str(STARTER / "sample.wav"), voice, str(tmp_path / "out.xyz")]) == 1
    assert "out.xyz must end in one of .flac, .m4a, .mp3, .ogg, .opus, .wav:" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


def test_a_missing_encoder_names_the_way_out(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    arguments = ["convert", str(STARTER / "sample.wav"), str(golden("tiny_v2_40k_f0.pth")), str(tmp_path / "out.wav")]
    assert main([*arguments, "--assets", str(tmp_path / "none")]) == 1
    error = capsys.readouterr().err
    assert "assets fetch contentvec" in error
    assert "[needs_asset]" in error
    assert not (tmp_path / "out.wav").exists()
