"""Convert a recording, or look at a voice, from the command line: the same Converter, no database.

python -m rvc convert in.wav voice.pth out.wav --index voice.index --pitch-shift 3
python -m rvc info voice.pth
"""

import argparse
import math
import os
import sys
import tempfile
from pathlib import Path
from typing import Any

from rvc import sandbox
from rvc.arguments import SHORT_NAMES, add_options, chosen_options
from rvc.codec import format_of
from rvc.errors import RVCError
from rvc.options import CHOICES, ConversionOptions

ASSETS = Path(__file__).parents[1] / "var" / "assets"
BAR_WIDTH = 30
USUAL_F0 = "where the voice usually speaks, Hz: what --pitch auto brings the recording to"
DIED = ("bad_container", "The file could not be read; it may be damaged.")


def main(arguments: list[str] | None = None) -> int:
    """Run one command; the exit code: 0, 1 after a sentence on stderr, 2 for wrong arguments, 130 when interrupted."""
    args = _parser().parse_args(arguments)
    try:
        args.run(args)
    except RVCError as error:
        sys.stderr.write(f"\n{error.message} [{error.code}]\n")
        return 1
    except KeyboardInterrupt:
        sys.stderr.write("\n")
        return 130
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m rvc", description="Voice conversion with RVC voices.")
    commands = parser.add_subparsers(required=True)

    convert = commands.add_parser("convert", help="convert a recording")
    convert.add_argument("source", type=Path, help="the recording: wav, flac, mp3, ogg, m4a, webm …")
    convert.add_argument("voice", type=Path, help="the voice: .pth, .safetensors or .onnx")
    convert.add_argument("target", type=Path, help="the file to write; its ending chooses the format")
    convert.add_argument("--index", type=Path, help="the voice's .index")
    convert.add_argument("--assets", type=Path, default=ASSETS, help="folder of pretrained files (default: var/assets)")
    convert.add_argument("--device", default="auto", help="auto, cpu, cuda, cuda:N or mps (default: auto)")
    convert.add_argument("--threads", type=_count, default=0, help="processor threads (default: all)")
    convert.add_argument(
        "--max-seconds", type=_seconds, default=6 * 3600, help="longest recording taken (default: 6 h)"
    )
    convert.add_argument("--usual-f0", type=float, default=0.0, metavar="HZ", help=USUAL_F0)
    add_options(convert, {**SHORT_NAMES, "output_rate": "--rate"})
    convert.set_defaults(run=_convert)

    info = commands.add_parser("info", help="say what a voice file is")
    info.add_argument("voice", type=Path)
    info.set_defaults(run=_info)

    bench = commands.add_parser("bench", help="measure this machine: seconds of work per second of audio")
    bench.add_argument("--assets", type=Path, default=ASSETS)
    bench.add_argument("--seconds", type=int, nargs="+", default=[10, 60, 300], help="lengths of the test recordings")
    bench.add_argument("--threads", type=_count, default=0)
    bench.add_argument("--device", default="auto")
    bench.add_argument("--precision", choices=CHOICES["precision"], default="exact")
    bench.add_argument("--json", type=Path, help="also write the figures to this file")
    bench.set_defaults(run=_bench)
    return parser


def _convert(args: argparse.Namespace) -> None:
    options = _options(args)
    _check_files(args)
    from rvc.codec import DecodeLimits, decode, encode  # noqa: PLC0415 - torch is loaded only to convert

    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        bar = Bar()
        voice, index = folder / "voice.safetensors", folder / "index.safetensors"
        header = _read("voice", args.voice, voice)
        if args.index is not None:
            _read("index", args.index, index, width=header["feature_width"])
        bar("decode", 0.0)
        limits = DecodeLimits(max_bytes=args.source.stat().st_size + 1, max_seconds=args.max_seconds)
        recording = decode(args.source, folder, limits)

        from rvc.assets import AssetStore  # noqa: PLC0415
        from rvc.pipeline import Converter, Request  # noqa: PLC0415

        converter = Converter(AssetStore(args.assets), device=args.device, threads=args.threads)
        found = {"index": index if args.index else None, "usual_f0": args.usual_f0}
        request = Request(recording.samples, voice, folder, options, seconds=recording.seconds, **found)
        result = converter.convert(request, bar)
        bar("encode", 1.0)
        rate = encode(result.samples, result.sample_rate, args.target, options.output_format)
        bar.end()
    _report(args.target, result, rate, options.seed)


def _check_files(args: argparse.Namespace) -> None:
    """Find out now what would fail, or destroy a file, after minutes of work."""
    for path in (args.source, args.voice, args.index):
        if path is not None and not path.is_file():
            raise RVCError("not_found", f"There is no file {path}.")
        if path is not None and args.target.exists() and path.samefile(args.target):
            raise RVCError("bad_option", f"The result would replace {path}: give it another name.")
    if args.target.is_dir():
        raise RVCError("bad_option", f"{args.target} is a folder: give the result a name in it.")
    if not os.access(args.target.parent, os.W_OK):
        raise RVCError("not_found", f"Nothing can be written to the folder {args.target.parent}.")


def _count(text: str) -> int:
    """A whole number, 0 or more."""
    if not text.isdecimal():
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number, 0 or more")
    return int(text)


def _seconds(text: str) -> float:
    """A length of time."""
    try:
        seconds = float(text)
    except ValueError:
        seconds = 0.0
    if not 0 < seconds < math.inf:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number of seconds above 0")
    return seconds


def _read(kind: str, source: Path, target: Path, **more: Any) -> dict[str, Any]:
    arguments = {"source": str(source), "target": str(target), **more}
    facts: dict[str, Any] = sandbox.run(f"rvc.voicefile.ingest:convert_{kind}", arguments, died=DIED)
    return facts


def _options(args: argparse.Namespace) -> ConversionOptions:
    chosen = chosen_options(vars(args))
    chosen["output_format"] = format_of(args.target, args.output_format)
    return ConversionOptions(**chosen).seeded()


def _report(target: Path, result: Any, rate: int, seed: int) -> None:
    seconds, spent = len(result.samples) / result.sample_rate, sum(result.timings.values())
    stages = ", ".join(f"{stage} {took:.2f}" for stage, took in result.timings.items())
    moved = result.facts.get("pitch_shift", 0.0)
    made = f"pitch by {result.f0_method}, moved by {moved:+.10g}, on {result.device}, seed {seed}"
    sys.stdout.write(f"{target}: {seconds:.3f} s at {rate} Hz, {made}\n")
    sys.stdout.write(f"{spent:.2f} s of work, {seconds / spent:.2f} × real time ({stages})\n")
    for warning in result.warnings:
        sys.stdout.write(f"Note: {warning}\n")


def _info(args: argparse.Namespace) -> None:
    if not args.voice.is_file():
        raise RVCError("not_found", f"There is no file {args.voice}.")
    with tempfile.TemporaryDirectory() as name:
        header = _read("voice", args.voice, Path(name) / "voice.safetensors")
    metadata, graph = header.pop("metadata"), header.pop("graph", None)
    if graph is not None:
        header["graph"] = f"ONNX, as {graph['layout']} exports it"
    for key, value in {**header, **metadata}.items():
        sys.stdout.write(f"{key:16} {value}\n")


def _bench(args: argparse.Namespace) -> None:
    from rvc.bench import bench  # noqa: PLC0415

    bench(args)


class Bar:
    """A progress bar on a terminal, one line per stage elsewhere; both on stderr."""

    def __init__(self) -> None:
        self.stage = ""

    def __call__(self, stage: str, fraction: float) -> None:
        """Show that `fraction` of the whole is done, in `stage`."""
        if sys.stderr.isatty():
            full = round(fraction * BAR_WIDTH)
            sys.stderr.write(f"\r{'█' * full}{'·' * (BAR_WIDTH - full)} {fraction:4.0%} {stage:10}")
        elif stage != self.stage:
            sys.stderr.write(f"{fraction:4.0%} {stage}\n")
        self.stage = stage
        sys.stderr.flush()

    def end(self) -> None:
        """Leave the line."""
        if sys.stderr.isatty():
            sys.stderr.write("\n")


if __name__ == "__main__":
    sys.exit(main())
