"""The facts of a voice in the words of a page."""

from django.template.defaultfilters import filesizeformat
from django.utils.formats import date_format, number_format
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from models_app.finding import language_name
from models_app.models import VoiceModel
from models_app.speakers import speakers_in_words
from voiceproject.templatetags.page import kilohertz

TRAINED = {
    "author": _("Made by"),
    "model_name": _("Called in training"),
    "info": _("Training"),
    "epoch": _("Epochs"),
    "step": _("Steps"),
    "creation_date": _("Exported"),
}
"""What other programs write into a voice, and what it is called here."""

TYPES = {"float16": _("half precision"), "float32": _("full precision"), "uint8": _("a graph")}


def shown_facts(voice: VoiceModel) -> list[tuple[str, str]]:
    """Label and words of everything that is known of a voice from its file."""
    pitch = gettext("follows the pitch of the recording") if voice.f0 else gettext("does not follow pitch")
    facts = [
        (gettext("Kind"), f"RVC {voice.version}, {pitch}"),
        (gettext("Sampling rate"), kilohertz(voice.sample_rate)),
        (gettext("Speakers"), speakers_in_words(voice.speakers, voice.speaker_names)),
        (gettext("Language"), language_name(voice.language)),
        (
            gettext("Listens with"),
            voice.encoder if voice.missing_asset else gettext("{name} (installed)").format(name=voice.encoder),
        ),
        (gettext("Speaks with"), gettext("an ONNX graph") if voice.header.graph is not None else voice.header.vocoder),
        (gettext("Index"), _index(voice)),
        (gettext("Weights"), _weights(voice)),
        *((str(label), str(voice.header.metadata.get(name) or "")) for name, label in TRAINED.items()),
        (gettext("Size"), filesizeformat(voice.size_bytes)),
        (gettext("Used"), _times(voice.use_count)),
        (gettext("Added"), date_format(voice.created_at)),
    ]
    return [(label, words) for label, words in facts if words]


def _index(voice: VoiceModel) -> str:
    if not voice.has_index:
        return gettext("none")
    number = voice.index_facts["vectors"]
    words = ngettext("{number} piece of its training recordings", "{number} pieces of its training recordings", number)
    return words.format(number=number_format(number, force_grouping=True))


def _weights(voice: VoiceModel) -> str:
    """Voices that were kept before this was counted have none."""
    found = voice.report.get("tensors")
    if not found:
        return ""
    types = ", ".join(str(TYPES.get(name, name)) for name in found["types"])
    numbers, tensors = (number_format(found[name], force_grouping=True) for name in ("numbers", "count"))
    return gettext("{numbers} numbers in {tensors} tensors, {types}").format(
        numbers=numbers, tensors=tensors, types=types
    )


def _times(count: int) -> str:
    if not count:
        return gettext("not yet")
    return ngettext("once", "{count} times", count).format(count=number_format(count, force_grouping=True))
