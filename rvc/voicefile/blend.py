"""One voice out of two: every weight α·A + (1 − α)·B, piece by piece from the mapped arrays, without torch."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from rvc.errors import VoiceFileError
from rvc.voicefile import safetensors
from rvc.voicefile.header import VoiceHeader
from rvc.voicefile.safetensors import Spec
from rvc.voicefile.voice import VoiceFile, open_stored_voice, stored_metadata

Array = np.ndarray[Any, Any]
PIECE = 1 << 18
"""Numbers that are blended at once; memory does not grow with the voices."""

SHOWN = 3


def blend(first: Path, second: Path, target: Path, share: float) -> VoiceHeader:
    """Blend two stored voices and write the new one to `target`; its header.

    share: α, how much of the first voice, above 0 and below 1. Each tensor keeps the wider type of the two.
    Raises VoiceFileError("cannot_blend") that says in what they differ, or "damaged".
    """
    if not 0 < share < 1:
        raise VoiceFileError("cannot_blend", "The share of the first voice must be between 0 and 1.")
    one, other = open_stored_voice(first), open_stored_voice(second)
    if reasons := differences(one, other):
        raise VoiceFileError("cannot_blend", f"These voices cannot be blended: {'; '.join(reasons)}.")
    # epochs, steps, author and names were those of its parents
    header = replace(one.header, metadata={}, speaker_names={})
    specs = _specs(one.tensors, other.tensors)
    safetensors.write_blocks(target, specs, stored_metadata(header), _blocks(one.tensors, other.tensors, specs, share))
    return header


def differences(one: VoiceFile, other: VoiceFile) -> list[str]:
    """Why two voices cannot be blended, in words; empty when they can."""
    if one.header.graph is not None or other.header.graph is not None:
        return ["an ONNX voice has no weights to blend"]
    facts = [
        ("version", one.header.version, other.header.version),
        ("sampling rate", one.header.sample_rate, other.header.sample_rate),
        ("pitch", *("with" if voice.header.f0 else "without" for voice in (one, other))),
        ("vocoder", one.header.vocoder, other.header.vocoder),
        ("content encoder", one.header.encoder, other.header.encoder),
        ("number of speakers", one.header.speakers, other.header.speakers),
    ]
    found = [f"the {what} differs ({mine} and {theirs})" for what, mine, theirs in facts if mine != theirs]
    return found or _different_shapes(one.tensors, other.tensors)


def _different_shapes(one: Mapping[str, Array], other: Mapping[str, Array]) -> list[str]:
    found = []
    for name in sorted({*one, *other}):
        mine, theirs = (_shape(part.get(name)) for part in (one, other))
        if mine != theirs:
            found.append(f"{name} is {mine} and {theirs}")
    return [*found[:SHOWN], f"and {len(found) - SHOWN} more"] if len(found) > SHOWN else found


def _shape(array: Array | None) -> str:
    return "missing" if array is None else " × ".join(map(str, array.shape))


def _specs(one: Mapping[str, Array], other: Mapping[str, Array]) -> dict[str, Spec]:
    """The tensors of the new voice, the widest types first as `safetensors.write` has them."""
    types = {name: np.promote_types(one[name].dtype, other[name].dtype) for name in one}
    ordered = sorted(types, key=lambda name: (-types[name].itemsize, name))
    return {name: Spec(types[name], one[name].shape) for name in ordered}


def _blocks(
    one: Mapping[str, Array], other: Mapping[str, Array], specs: Mapping[str, Spec], share: float
) -> Iterator[Array]:
    for name, spec in specs.items():
        mine, theirs = one[name].reshape(-1), other[name].reshape(-1)
        for begin in range(0, len(mine), PIECE):
            piece = slice(begin, begin + PIECE)
            yield mixed(mine[piece], theirs[piece], share).astype(spec.dtype)


def mixed(one: Array, other: Array, share: float) -> Array:
    """α·A + (1 − α)·B, computed in float32."""
    blended: Array = np.float32(share) * one.astype(np.float32) + np.float32(1 - share) * other.astype(np.float32)
    return blended
