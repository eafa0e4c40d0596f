"""The facts of a voice in the words of a page."""

from django.template.defaultfilters import filesizeformat

from models_app.finding import language_name
from models_app.models import VoiceModel
from models_app.speakers import speakers_in_words

TRAINED = {
    "author": "Made by",
    "model_name": "Called in training",
    "info": "Training",
    "epoch": "Epochs",
    "step": "Steps",
    "creation_date": "Exported",
}
"""What other programs write into a voice, and what it is called here."""

TYPES = {"float16": "half precision", "float32": "full precision", "uint8": "a graph"}


def shown_facts(voice: VoiceModel) -> list[tuple[str, str]]:
    """Label and words of everything that is known of a voice from its file."""
    pitch = "follows the pitch of the recording" if voice.f0 else "does not follow pitch"
    facts = [
        ("Kind", f"RVC {voice.version}, {pitch}"),
        ("Sampling rate", f"{voice.sample_rate / 1000:g} kHz"),
        ("Speakers", speakers_in_words(voice.speakers, voice.speaker_names)),
        ("Language", language_name(voice.language)),
        ("Listens with", voice.encoder if voice.missing_asset else f"{voice.encoder} (installed)"),
        ("Speaks with", "an ONNX graph" if voice.header.graph is not None else voice.header.vocoder),
        ("Index", _index(voice)),
        ("Weights", _weights(voice)),
        *((label, str(voice.header.metadata.get(name) or "")) for name, label in TRAINED.items()),
        ("Size", filesizeformat(voice.size_bytes)),
        ("Used", _times(voice.use_count)),
        ("Added", f"{voice.created_at.day} {voice.created_at:%B %Y}"),
    ]
    return [(label, words) for label, words in facts if words]


def _index(voice: VoiceModel) -> str:
    return f"{voice.index_facts['vectors']:,} pieces of its training recordings" if voice.has_index else "none"


def _weights(voice: VoiceModel) -> str:
    """Voices that were kept before this was counted have none."""
    found = voice.report.get("tensors")
    if not found:
        return ""
    types = " and ".join(TYPES.get(name, name) for name in found["types"])
    return f"{found['numbers']:,} numbers in {found['count']:,} tensors, {types}"


def _times(count: int) -> str:
    return {0: "not yet", 1: "once", 2: "twice"}.get(count, f"{count:,} times")
