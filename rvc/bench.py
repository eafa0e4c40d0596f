"""Measures a machine: processor seconds per second of audio, stage by stage, memory and loading.

The networks have full size and random weights (a v2 40k voice with F0, HuBERT-base, RMVPE, an index of 50 000 vectors),
so nothing needs to be downloaded; the cost does not depend on the values. The starter voice is measured with its own
sample recording. Each row runs in a process of its own.
"""

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch

from rvc.assets import AssetStore
from rvc.content.hubert import BASE_HEADS, Hubert
from rvc.network.generator import Generator
from rvc.network.noise import SeededNoise
from rvc.network.synthesizer import tiles
from rvc.options import ConversionOptions
from rvc.pipeline import Converter, Request
from rvc.pitch.rmvpe import Geometry as RmvpeGeometry
from rvc.pitch.rmvpe import Network as Rmvpe
from rvc.voicefile import choosing, safetensors
from rvc.voicefile.header import VoiceHeader
from rvc.voicefile.index import IndexData, write_index
from rvc.voicefile.ingest import convert_index, convert_voice
from rvc.voicefile.schema import expected_shapes
from rvc.voicefile.voice import VoiceFile, write_voice

RATES, KERNELS = (10, 10, 2, 2), (16, 16, 4, 4)
BLOCKS = ((3, 7, 11), ((1, 3, 5), (1, 3, 5), (1, 3, 5)))
CONFIG = (1025, 32, 192, 192, 768, 2, 6, 3, 0, "1", *BLOCKS, RATES, 512, KERNELS, 109, 256, 40000)
VECTORS, LISTS = 50_000, 1282
STAGES = ("prepare", "f0", "content", "retrieval", "synthesis", "level")
STARTER = Path(__file__).parents[1] / "models_app" / "starter"
STARTER_SECONDS = 7


class RandomAssets(AssetStore):
    """Networks of the published sizes with random weights, made in a folder."""

    def installed(self, name: str) -> bool:
        return (self.folder / name).exists()

    def path(self, name: str) -> Path:
        return self.folder / name


def bench(args: argparse.Namespace) -> None:
    """Measure every length asked for and write a table to stdout."""
    with tempfile.TemporaryDirectory() as name:
        make_everything(Path(name))
        rows = [_in_a_process(Path(name), seconds, args) for seconds in args.seconds]
        rows.append(_in_a_process(unpack_starter(Path(name) / "starter"), STARTER_SECONDS, args))
        ratio = decoder_ratio()
    _write_table(rows)
    sys.stdout.write(f"\nDecoder: {ratio:.2f} × faster than in one piece with its padding, as the reference runs it.\n")
    if args.json:
        args.json.write_text(json.dumps({"rows": rows, "decoder_ratio": ratio}, indent=1), encoding="utf-8")


def make_everything(folder: Path) -> None:
    """Write the random voice, index, encoder and pitch network."""
    random = np.random.default_rng(0)
    header = VoiceHeader("v2", True, 40000, CONFIG, speakers=109, feature_width=768)
    shapes = expected_shapes(header.geometry, f0=True, feature_width=768, speakers=109, wavenet_layers=3)
    write_voice(VoiceFile(header, _random_arrays(shapes, random)), folder / "voice.safetensors")
    write_index(random_index(random), folder / "index.safetensors")
    (folder / "contentvec").mkdir()
    hubert = Hubert({name: torch.empty(shape) for name, shape in HUBERT_SHAPES.items()}, BASE_HEADS)
    names = {name: tensor.shape for name, tensor in hubert.state_dict().items()}
    safetensors.write(folder / "contentvec" / "model.safetensors", _random_arrays(names, random), {})
    torch.save(
        Rmvpe(RmvpeGeometry(channels=16, stages=5, blocks=4, middle=4, hidden=256)).state_dict(), folder / "rmvpe"
    )


def unpack_starter(folder: Path) -> Path:
    """Store the starter voice, its index and its encoder in a new folder, which is returned."""
    folder.mkdir()
    AssetStore(folder).import_from(STARTER / "encoder.zip")
    zipped, voice, index = str(STARTER / "voice.zip"), folder / "voice.packed", folder / "index.packed"
    report = choosing.unpack(zipped, str(voice), longest=1 << 30, index_given=False) or {}
    choosing.take(zipped, str(index), report["index"], longest=1 << 30)
    header = convert_voice(str(voice), str(folder / "voice.safetensors"))
    convert_index(str(index), str(folder / "index.safetensors"), header["feature_width"])
    return folder


HUBERT_SHAPES: dict[str, tuple[int, ...]] = {
    "convs.0.weight": (512, 1, 10),
    "projection.weight": (768, 512),
    "layers.11.fc1.weight": (3072, 768),
    "layers.0.fc1.weight": (3072, 768),
}
"""The shapes that a HuBERT network is built from, at base size."""


def _random_arrays(shapes: Mapping[str, tuple[int, ...]], random: np.random.Generator) -> dict[str, Any]:
    """Arrays of a size that keeps signals in bounds: as initialisers do, by the number of inputs."""
    arrays = {}
    for name, shape in shapes.items():
        fan_in = int(np.prod(shape[1:])) if len(shape) > 1 else 1
        values = random.standard_normal(shape, np.float32) / np.sqrt(max(1, fan_in))
        arrays[name] = np.abs(values).astype(np.float16) if name.endswith("_g") else values.astype(np.float16)
    return arrays


def random_index(random: np.random.Generator) -> IndexData:
    """An index of the size that training makes from about 17 minutes of speech."""
    offsets = np.linspace(0, VECTORS, LISTS + 1).astype(np.int64)
    return IndexData(
        centroids=random.standard_normal((LISTS, 768), np.float32),
        vectors=random.standard_normal((VECTORS, 768), np.float32),
        ids=np.arange(VECTORS),
        offsets=offsets,
        nprobe=1,
    )


def speech(seconds: float) -> Any:
    """The sample recording again and again, (N,) float32 at 16 kHz."""
    import soundfile  # noqa: PLC0415

    samples, _ = soundfile.read(STARTER / "sample.wav", dtype="float32")
    return np.resize(samples, int(seconds * 16000))


def _in_a_process(folder: Path, seconds: int, args: argparse.Namespace) -> dict[str, Any]:
    settings = {"seconds": seconds, "threads": args.threads, "device": args.device, "precision": args.precision}
    settings["voice"] = "starter" if folder.name == "starter" else "full size"
    sys.stderr.write(f"Measuring {seconds} s of audio, {settings['voice']} …\n")
    command = [sys.executable, "-m", "rvc.bench", str(folder), json.dumps(settings)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    row: dict[str, Any] = json.loads(done.stdout)
    return row


def measure(folder: Path, settings: Mapping[str, Any]) -> dict[str, Any]:
    """Load, convert two seconds, then convert the recording warm. Seconds are per second of audio."""
    started = time.perf_counter()
    starter = settings["voice"] == "starter"
    assets = AssetStore(folder) if starter else RandomAssets(folder)
    converter = Converter(assets, device=settings["device"], threads=settings["threads"])
    options = ConversionOptions(f0_method="swift-f0" if starter else "rmvpe", precision=settings["precision"])

    def convert(seconds: float) -> Any:
        voice, index = folder / "voice.safetensors", folder / "index.safetensors"
        return converter.convert(Request(speech(seconds), voice, folder, options, index))

    convert(2)
    first_second = time.perf_counter() - started
    wall, cpu, seconds = time.perf_counter(), time.process_time(), settings["seconds"]
    result = convert(seconds)
    return {
        **settings,
        "device": result.device,
        "start": first_second,
        "load": result.timings["load"],
        "rtf": (time.perf_counter() - wall) / seconds,
        "cpu": (time.process_time() - cpu) / seconds,
        "stages": {stage: result.cpu.get(stage, 0.0) / seconds for stage in STAGES},
        "peak_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
    }


def decoder_ratio(seconds: int = 10) -> float:
    """Processor time of the decoder as the reference runs it, over ours, in one run and on one thread."""
    header = VoiceHeader("v2", True, 40000, CONFIG, speakers=1, feature_width=768)
    generator = Generator(header.geometry, f0=True).eval().requires_grad_(False)
    torch.set_num_threads(1)
    frames = (seconds + 2) * 100
    z, speaker, f0 = torch.randn(1, 192, frames), torch.randn(1, 256, 1), torch.full((frames,), 100.0)
    noise = generator.draw(SeededNoise(1), frames)

    def in_one_piece() -> None:
        generator(z, speaker, generator.m_source(f0, noise))

    def in_tiles() -> None:
        decode = generator.prepare(z, speaker, f0, noise)
        for start, stop in tiles(100, frames - 100):
            decode(start, stop)

    reference = _cpu_seconds(in_one_piece)
    generator.pack(torch.device("cpu"))
    return reference / _cpu_seconds(in_tiles)


def _cpu_seconds(work: Callable[[], None]) -> float:
    """Processor seconds of a second run."""
    with torch.inference_mode():
        work()
        started = time.process_time()
        work()
    return time.process_time() - started


def _write_table(rows: list[dict[str, Any]]) -> None:
    heads = ("voice", "audio", "CPU s/s", *STAGES, "RTF wall", "peak MB", "start s")
    lines = ["| " + " | ".join(heads) + " |", "|" + " --- |" * len(heads)]
    for row in rows:
        stages = [f"{row['stages'][stage]:.3f}" for stage in STAGES]
        figures = [
            row["voice"],
            f"{row['seconds']} s",
            f"{row['cpu']:.2f}",
            *stages,
            f"{row['rtf']:.2f}",
            str(row["peak_mb"]),
        ]
        lines.append("| " + " | ".join([*figures, f"{row['start']:.1f}"]) + " |")
    sys.stdout.write("\n".join(lines) + "\n")


if __name__ == "__main__":
    sys.stdout.write(json.dumps(measure(Path(sys.argv[1]), json.loads(sys.argv[2]))))
