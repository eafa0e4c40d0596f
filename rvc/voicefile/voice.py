"""A voice: hostile .pth or .safetensors in, checked header and arrays out; kept at rest as safetensors."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from rvc.errors import VoiceFileError
from rvc.voicefile import safetensors
from rvc.voicefile.folding import unfolded
from rvc.voicefile.header import VoiceHeader
from rvc.voicefile.onnx.reader import looks_like_onnx
from rvc.voicefile.onnx.trial import read_graph
from rvc.voicefile.schema import check_shapes, expected_shapes, wavenet_layers
from rvc.voicefile.storages import is_finite
from rvc.voicefile.torchfile import read_torch_file

Array = np.ndarray[Any, Any]
POSTERIOR_ENCODER = "enc_q."  # only training needs it; some exports keep it
WEIGHT_NORM_NAMES = {"parametrizations.weight.original0": "weight_g", "parametrizations.weight.original1": "weight_v"}
HEADER_KEY = "voice"
GRAPH = "graph"
HEAD_BYTES = 16
OTHER_FILES: tuple[tuple[str, str], ...] = (
    ("unet.", "the RMVPE pitch model"),
    ("feature_extractor.", "a HuBERT content encoder"),
    ("conv1_BN.", "the CREPE pitch model"),
    ("discriminators.", "the discriminator of a training run (D_….pth)"),
    ("enc_p.", "weights without their config"),
)


@dataclass(frozen=True)
class VoiceFile:
    """Header and weights of a voice. The arrays are read-only, float16 or float32, named as RVC names them.

    A voice that is an ONNX graph has one array, GRAPH: the bytes of the graph.
    """

    header: VoiceHeader
    tensors: Mapping[str, Array]

    @property
    def wavenet_layers(self) -> int:
        """Layers in each coupling of the flow; config does not say."""
        return wavenet_layers(self.tensors)


def read_voice(path: Path) -> VoiceFile:
    """Read a stranger's voice file, whatever it is called, and check every value in it.

    Weight norm comes back spelled weight_g and weight_v, whichever spelling the file has, and where it is folded.
    Raises VoiceFileError with a code of the error table; messages name the tensors that are missing, surplus or of
    another shape.
    """
    with path.open("rb") as file:
        head = file.read(HEAD_BYTES)
    if looks_like_onnx(head):
        header, graph = read_graph(path)
        return VoiceFile(header, {GRAPH: graph})
    content, tensors = _safetensors_content(path) if safetensors.looks_like_safetensors(head) else _torch_content(path)
    if isinstance(content.get(HEADER_KEY), VoiceHeader):  # as we keep ONNX voices; a stranger's could be any graph
        raise VoiceFileError("not_a_voice", "This is an ONNX voice as it is kept here; export it as .onnx instead.")
    return _checked(content, _voice_tensors(tensors))


def write_voice(voice: VoiceFile, path: Path) -> None:
    """Store a voice: its arrays, and the header as JSON in the metadata."""
    safetensors.write(path, voice.tensors, stored_metadata(voice.header))


def stored_metadata(header: VoiceHeader) -> dict[str, str]:
    """What stands in the metadata of a stored voice."""
    return {"format": "pt", HEADER_KEY: json.dumps(header.to_json())}


def open_stored_voice(path: Path) -> VoiceFile:
    """A voice that `write_voice` stored; the arrays are views of the mapped file, nothing is copied.

    Raises VoiceFileError("damaged") when the file is missing or is not as it was written.
    """
    try:
        content, tensors = _safetensors_content(path)
        if isinstance(stored := content.get(HEADER_KEY), VoiceHeader):
            return _stored_graph(stored, tensors)
        return _with_header(content, tensors)
    except (VoiceFileError, OSError) as error:
        raise VoiceFileError("damaged", "The stored voice is missing or damaged; add its file again.") from error


def _safetensors_content(path: Path) -> tuple[dict[str, Any], dict[str, Array]]:
    """Facts and arrays of a safetensors voice: ours, or one that has RVC's fields as JSON texts in its metadata."""
    metadata, tensors = safetensors.read(path)
    try:
        if HEADER_KEY in metadata:
            stored = VoiceHeader.from_json(json.loads(metadata[HEADER_KEY]))
            if stored.graph is not None:
                return {HEADER_KEY: stored}, tensors
            facts = {**stored.metadata, **stored.to_json(), "embedder_model": stored.embedder}
            for name in ("metadata", "embedder", "speakers", "feature_width", "sample_rate"):
                facts.pop(name)
            return facts, tensors
        if "config" not in metadata:
            raise VoiceFileError("not_a_voice", "The safetensors file has no RVC config in its metadata.")
        fields: dict[str, Any] = {name: json.loads(metadata[name]) for name in ("config", "f0") if name in metadata}
    except (ValueError, RecursionError) as error:
        raise VoiceFileError("bad_config", "The voice's config cannot be used: it is not JSON.") from error
    return {**metadata, **fields}, tensors


def _stored_graph(header: VoiceHeader, tensors: Mapping[str, Array]) -> VoiceFile:
    if set(tensors) != {GRAPH} or tensors[GRAPH].dtype != np.uint8:
        raise VoiceFileError("not_a_voice", "The file should hold a graph and nothing else.")
    return VoiceFile(header, tensors)


def _torch_content(path: Path) -> tuple[dict[str, Any], dict[str, Any]]:
    content = read_torch_file(path)
    weight = content.get("weight")
    if type(weight) is not dict or "config" not in content:
        raise VoiceFileError("not_a_voice", f"This is not an RVC voice: it seems to be {_other_kind(content)}.")
    _refuse_repeats(weight, path.stat().st_size)
    return content, weight


def _refuse_repeats(weight: Mapping[str, Any], size: int) -> None:
    """One tensor under many names would unfold when stored. Twice the size is honest: bfloat16 was widened."""
    if sum(value.nbytes for value in weight.values() if isinstance(value, np.ndarray)) > 2 * size:
        raise VoiceFileError("aliased_storage", "The file's tensors share their data and would unfold to far more.")


def _other_kind(content: Mapping[str, Any]) -> str:
    """What a torch file that is no voice seems to be, in words that end a sentence."""
    if "model" in content and {"optimizer", "iteration", "learning_rate"} & set(content):
        return "a checkpoint of training (G_….pth or D_….pth); export the small voice file for inference from it"
    for mapping in (content, content.get("model"), content.get("state_dict")):
        if type(mapping) is not dict:
            continue
        for prefix, words in OTHER_FILES:
            if any(name.startswith(prefix) for name in mapping):
                return words
    return "something else that torch saved"


def _voice_tensors(found: Mapping[str, Any]) -> dict[str, Array]:
    """The tensors inference needs, under one spelling; doubles as float32."""
    tensors: dict[str, Array] = {}
    for name, value in found.items():
        if name.startswith(POSTERIOR_ENCODER):
            continue
        if not isinstance(value, np.ndarray) or value.dtype.kind != "f":
            raise VoiceFileError("not_a_voice", f"The voice's {name[:80]!r} is not a tensor of real numbers.")
        spelled = _spelled(name)
        if spelled in tensors:
            raise VoiceFileError("not_a_voice", f"The voice holds {spelled[:80]!r} in two spellings.")
        with np.errstate(over="ignore"):  # an overflow becomes infinite, which is refused later
            tensors[spelled] = value.astype("<f4") if value.dtype.itemsize == 8 else value
    if not tensors:
        raise VoiceFileError("not_a_voice", "The file holds no tensors.")
    return tensors


def _spelled(name: str) -> str:
    for suffix, ours in WEIGHT_NORM_NAMES.items():
        if name.endswith(suffix):
            return name.removesuffix(suffix) + ours
    return name


def _checked(content: Mapping[str, Any], tensors: dict[str, Array]) -> VoiceFile:
    VoiceHeader.from_checkpoint(content, _shapes(tensors))  # the config's faults are told before the values'
    for name, array in tensors.items():
        if not is_finite(array):
            raise VoiceFileError("non_finite", f"The voice's tensor {name!r} holds values that are not numbers.")
    return _with_header(content, tensors)


def _with_header(content: Mapping[str, Any], tensors: dict[str, Array]) -> VoiceFile:
    shapes = _shapes(tensors)
    header = VoiceHeader.from_checkpoint(content, shapes)
    expected = expected_shapes(
        header.geometry,
        f0=header.f0,
        feature_width=header.feature_width,
        speakers=header.speakers,
        wavenet_layers=wavenet_layers(tensors),
        vocoder=header.vocoder,
    )
    tensors = unfolded(tensors, expected)
    check_shapes(_shapes(tensors), expected)
    return VoiceFile(header, tensors)


def _shapes(tensors: Mapping[str, Array]) -> dict[str, tuple[int, ...]]:
    return {name: array.shape for name, array in tensors.items()}
