"""The facts of a voice: what it is, how it is built, what it needs. Taken from the file, never from its name."""

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Self

from rvc.errors import VoiceFileError
from rvc.voicefile.config import FRAMES_PER_SECOND, SPEAKERS_ITEM, Geometry, bad_config, checked_config
from rvc.voicefile.decoders import HIFIGAN, MARKS, REFINE_CHANNELS, REFINEGAN, is_older_refinegan, vocoders_of
from rvc.voicefile.speakers import FIELD, speaker_names

Scalar = str | int | float | bool
CONTENTVEC_NAMES = frozenset(
    {"contentvec", "contentvec_base", "hubert", "hubert_base", "hubert-base", "contentvec-768"}
)
WIDTHS_OF_VERSION = {256: "v1", 768: "v2"}
WIDTHS_OF_ENCODER = {"whisper-base": (512,), "contentvec": (256, 768)}
ENCODER_OF_WIDTH = {256: "contentvec", 768: "contentvec", 512: "whisper-base"}
DASHED_NAMES = frozenset(
    {"spin", "spin-v2", "chinese-hubert-base", "japanese-hubert-base", "korean-hubert-base", "whisper-base"}
)
NOT_IN_NAMES = re.compile(r"[^a-z0-9._-]+")
LONGEST_NAME = 60
OWN_FIELDS = frozenset(
    {"weight", "config", "version", "f0", "embedder_model", "embedder_name", "vocoder", FIELD, "speaker_names"}
)
FOUND_IN_GRAPHS = ("f0", "sample_rate", "speakers", "feature_width")
MAX_FACTS, MAX_NAME, MAX_TEXT = 32, 64, 500
EXACT_INTEGER = 2**53  # beyond it JSON readers disagree


@dataclass(frozen=True)
class VoiceHeader:
    """What a voice file says about itself. Plain values only, so that it can be stored as JSON.

    graph: for a voice that is an ONNX graph, how it is run; such a voice has no config.
    speaker_names: by number as text, of those that have one.
    """

    version: str
    f0: bool
    sample_rate: int
    config: tuple[Any, ...]
    speakers: int
    feature_width: int
    vocoder: str = HIFIGAN
    embedder: str | None = None
    metadata: Mapping[str, Scalar] = field(default_factory=dict)
    graph: Mapping[str, Any] | None = None
    speaker_names: Mapping[str, str] = field(default_factory=dict)

    @property
    def geometry(self) -> Geometry:
        """The hyper-parameters by name. Raises VoiceFileError("unsupported_graph") for a graph, which hides them."""
        if self.graph is not None:
            raise VoiceFileError("unsupported_graph", "This voice is an ONNX graph: it can be run, not taken apart.")
        return Geometry.from_config(self.config)

    @property
    def hop(self) -> int:
        """Samples per frame of 10 ms at the voice's rate."""
        return self.sample_rate // FRAMES_PER_SECOND

    @property
    def encoder(self) -> str:
        """Name of the content encoder that the voice was trained with; by feature width where the file is silent."""
        if self.embedder is not None:
            return encoder_name(self.embedder)
        return ENCODER_OF_WIDTH.get(self.feature_width, f"unknown-{self.feature_width}")

    def to_json(self) -> dict[str, Any]:
        """The header as values that JSON has."""
        values = {
            "version": self.version,
            "f0": self.f0,
            "sample_rate": self.sample_rate,
            "config": _as_lists(self.config),
            "speakers": self.speakers,
            "feature_width": self.feature_width,
            "vocoder": self.vocoder,
            "embedder": self.embedder,
            "metadata": dict(self.metadata),
        }
        named = {"speaker_names": dict(self.speaker_names)} if self.speaker_names else {}
        return values | named | ({} if self.graph is None else {"graph": dict(self.graph)})

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> Self:
        """The header that `to_json` wrote. Raises VoiceFileError("bad_config") when it cannot be one."""
        try:
            if "graph" in values:
                stated = {**values["metadata"], "embedder": values["embedder"], **_stored_names(values)}
                return cls.of_graph(values["graph"], stated, **{name: values[name] for name in FOUND_IN_GRAPHS})
            facts = {**values["metadata"], **_own_facts(values), **_stored_names(values)}
            return cls._from_facts(facts, values["speakers"], values["feature_width"])
        except (KeyError, TypeError, AttributeError) as error:
            raise bad_config("the stored header is not one of ours") from error

    @classmethod
    def from_checkpoint(cls, content: Mapping[str, Any], shapes: Mapping[str, tuple[int, ...]]) -> Self:
        """The header of a checkpoint: its scalars, with speakers and feature width taken from the weights.

        Raises VoiceFileError with bad_config, not_a_voice or unsupported_vocoder.
        """
        speakers, _ = _matrix(shapes, "emb_g.weight")
        _, width = _matrix(shapes, "enc_p.emb_phone.weight")
        return cls._from_facts(content, speakers, width, shapes)

    @classmethod
    def of_graph(cls, graph: Mapping[str, Any], stated: Mapping[str, Any], **found: Any) -> Self:
        """The header of an ONNX graph: how it is run, what its file states of itself, and what was `found`.

        found: f0, sample_rate, speakers and feature_width. Raises VoiceFileError("bad_config").
        """
        named = "v2" if "v2" in _text(stated, "modelType") else "v1"
        header = cls(
            version=WIDTHS_OF_VERSION.get(found["feature_width"], named),
            config=(),
            embedder=_text(stated, "embedder")[:100] or None,
            metadata=_metadata({name: value for name, value in stated.items() if name != "embedder"}),
            graph=graph,
            speaker_names=speaker_names(stated, found["speakers"]),
            **found,
        )
        _check_encoder(header)
        return header

    @classmethod
    def _from_facts(cls, facts: Mapping[str, Any], speakers: int, width: int, names: Mapping[str, Any] = {}) -> Self:
        config = list(checked_config(facts.get("config")))
        config[SPEAKERS_ITEM] = speakers  # files carry the 109 of the pretrained model here
        embedder = _text(facts, "embedder_model") or _text(facts, "embedder_name")
        header = cls(
            version=_version(facts.get("version"), width),
            f0=_f0(facts.get("f0", 1)),
            sample_rate=config[-1],
            config=tuple(config),
            speakers=speakers,
            feature_width=width,
            vocoder=_vocoder(facts.get("vocoder"), names),
            embedder=embedder[:100] if embedder else None,
            metadata=_metadata(facts),
            speaker_names=speaker_names(facts, speakers),
        )
        _check_encoder(header)
        _check_vocoder(header, names)
        return header


def encoder_name(embedder: str) -> str:
    """The name we keep an encoder under, for the names other programs write into their voices; fit for a folder."""
    name = NOT_IN_NAMES.sub("-", embedder.lower().removesuffix(".pt"))[:LONGEST_NAME].strip("._-")
    if name in CONTENTVEC_NAMES:
        return "contentvec"
    dashed = name.replace("_", "-")
    return dashed if dashed in DASHED_NAMES else name or "custom"


def _own_facts(values: Mapping[str, Any]) -> dict[str, Any]:
    own = {name: values[name] for name in ("config", "version", "f0", "vocoder")}
    return {**own, "embedder_model": values["embedder"]}


def _stored_names(values: Mapping[str, Any]) -> dict[str, Any]:
    return {"speaker_names": values["speaker_names"]} if "speaker_names" in values else {}


def _as_lists(value: Any) -> Any:
    return [_as_lists(item) for item in value] if isinstance(value, tuple) else value


def _text(facts: Mapping[str, Any], name: str) -> str:
    """A text of the file, fit to be shown; "" where it has none."""
    found = facts.get(name)
    return _cleaned(found) if isinstance(found, str) else ""


def _matrix(shapes: Mapping[str, tuple[int, ...]], name: str) -> tuple[int, int]:
    shape = shapes.get(name)
    if shape is None or len(shape) != 2 or 0 in shape:
        raise VoiceFileError("not_a_voice", f"The file has no usable tensor {name}, which every voice has.")
    return shape[0], shape[1]


def _version(found: Any, width: int) -> str:
    """v1 or v2. A file without the field is v1, unless its weights take the wider features of v2."""
    if found is None:
        return WIDTHS_OF_VERSION.get(width, "v1")
    if not isinstance(found, str) or found not in ("v1", "v2"):
        raise bad_config("version must be v1 or v2")
    if WIDTHS_OF_VERSION.get(width, found) != found:
        raise bad_config(f"it says {found}, but its weights take features of width {width}")
    return found


def _f0(found: Any) -> bool:
    if type(found) is str and found in ("0", "1"):
        return found == "1"  # as forms of some training programs hand it on
    if type(found) not in (int, bool) or found not in (0, 1):
        raise bad_config("f0 must be 0 or 1")
    return bool(found)


def _vocoder(found: Any, names: Mapping[str, Any]) -> str:
    """The vocoder a file names, which its weights must not contradict: a merged file may carry the wrong word.

    A file that names none has the one that its weights show.
    """
    shown = vocoders_of(names)
    if found is None:
        found = shown[0] if shown else HIFIGAN
    name = _cleaned(found)[:40] if isinstance(found, str) else "unknown"
    if name not in MARKS:
        raise _unsupported(f"Voices with the vocoder {name!r} cannot be used, only {', '.join(MARKS)}.")
    if shown and shown != (name,):
        raise _unsupported(f"The voice's vocoder should be {name}, but its tensors are those of {' and '.join(shown)}.")
    return name


def _unsupported(message: str) -> VoiceFileError:
    return VoiceFileError("unsupported_vocoder", message)


def _check_vocoder(header: VoiceHeader, shapes: Mapping[str, tuple[int, ...]]) -> None:
    if header.vocoder != HIFIGAN and not header.f0:
        raise _unsupported(f"The vocoder {header.vocoder} needs f0, and this voice is without.")
    if header.vocoder != REFINEGAN:
        return
    if is_older_refinegan(shapes):
        raise _unsupported("The voice's vocoder is a RefineGAN of an older layout, from before Applio 3.3.")
    geometry = header.geometry
    if geometry.width != 2 * REFINE_CHANNELS << len(geometry.rates):
        raise bad_config("RefineGAN needs an upsample_initial_channel of 32, doubled for each of the upsample_rates")


def _check_encoder(header: VoiceHeader) -> None:
    widths = WIDTHS_OF_ENCODER.get(header.encoder)
    if widths is not None and header.feature_width not in widths:
        raise bad_config(f"{header.encoder} does not give features of width {header.feature_width}")


def _metadata(facts: Mapping[str, Any]) -> dict[str, Scalar]:
    """The other scalars of the file, bounded; nested values are left behind."""
    kept: dict[str, Scalar] = {}
    for name, value in facts.items():
        scalar = None if name in OWN_FIELDS else _scalar(value)
        if scalar is not None and len(name) <= MAX_NAME and name.isprintable() and len(kept) < MAX_FACTS:
            kept[name] = scalar
    return kept


def _scalar(value: Any) -> Scalar | None:
    if isinstance(value, bool):
        return value
    if isinstance(value, int):
        return value if abs(value) <= EXACT_INTEGER else None
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    return _cleaned(value)[:MAX_TEXT] if isinstance(value, str) else None


def _cleaned(text: str) -> str:
    return "".join(letter for letter in text[: 4 * MAX_TEXT] if letter.isprintable())
