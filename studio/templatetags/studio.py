"""The options in two layers, each with what it means and what it does to the sound; numbers come from `rvc.options`."""

from dataclasses import dataclass
from typing import Any

from django import template
from django.utils.translation import gettext_lazy as _

from conversions.models import OPTION_NAMES
from conversions.templatetags.options import ShownOption
from studio.forms import StudioForm

register = template.Library()

PLAIN = ("pitch_mode", "pitch_shift", "index_rate", "loudness_mix")
"""What most people set; everything else is fine tuning."""
LABELS: dict[str, Any] = {
    "index_rate": _("Strength of the voice"),
    "loudness_mix": _("Levelling"),
}
MEANINGS: dict[str, Any] = {
    "pitch_mode": _(
        "Automatic brings the melody to where the voice usually speaks, where that is known. As usual does so "
        "with texts only, by hand never."
    ),
    "pitch_shift": _("Moves the melody up or down; 12 semitones are one octave."),
    "f0_method": _("How the melody is measured in the recording."),
    "index_rate": _("How far the sound follows what the voice was trained on."),
    "protect": _("Keeps breath and consonants from the recording; lower protects more, 0.5 is off."),
    "loudness_mix": _("Whose loudness the result has: 0 that of the recording, 1 that of the voice."),
    "speaker": _("Which speaker of a voice that has several."),
    "unvoiced": _("What happens to the pitch where nothing is sung, as in s, f and breath."),
    "precision": _("How exactly the last stage is computed."),
    "output_rate": _("Samples in each second of the result."),
    "output_format": _("The kind of file that is written."),
    "seed": _("The same seed, recording and machine give the same bytes."),
}
EFFECTS: dict[str, Any] = {
    "pitch_mode": _(
        "Choose it for a deep recording and a high voice, or the reverse; not for singing that is to keep its key."
    ),
    "pitch_shift": _("From a man to a woman often about +12, the other way −12; too far sounds like a toy."),
    "f0_method": _("Another method may cure a voice that breaks or jumps by an octave."),
    "index_rate": _("More brings accent and timbre nearer to the voice; less keeps unclear words clearer."),
    "protect": _("Lower it when s and t sound torn or breath whistles; it costs a little likeness."),
    "loudness_mix": _("At 0 whispers stay quiet and shouts loud; at 1 all of it is evenly loud."),
    "speaker": _("It is another person altogether."),
    "unvoiced": _("Keep sounds cleaner; fill is how newer RVC sounds, with a little more buzz."),
    "precision": _("Fast is quicker on some processors; few people hear the difference."),
    "output_rate": _("Higher than the voice's own adds no detail, only larger files."),
    "output_format": _("WAV and FLAC lose nothing; MP3, Opus and M4A are much smaller."),
    "seed": _("Another seed changes breath and noise a little."),
}
ENDS: dict[str, tuple[Any, Any]] = {
    "pitch_shift": (_("deeper"), _("higher")),
    "index_rate": (_("clearer words"), _("more of the voice")),
    "loudness_mix": (_("as in the recording"), _("evenly loud")),
    "protect": (_("protects most"), _("off")),
}


@dataclass
class SetOption(ShownOption):
    """An option with the words of the studio."""

    @property
    def label(self) -> str:
        return str(LABELS.get(self.name, self.field.label))

    @property
    def meaning(self) -> str:
        return str(MEANINGS.get(self.name, self.metadata["help"]))

    @property
    def effect(self) -> str:
        return str(EFFECTS.get(self.name, ""))

    @property
    def ends(self) -> tuple[str, str] | None:
        """What lies at either end of its slider."""
        low_high = ENDS.get(self.name)
        return (str(low_high[0]), str(low_high[1])) if low_high else None


@register.simple_tag
def plain_options(form: StudioForm) -> list[SetOption]:
    return [SetOption(form[name]) for name in PLAIN if name in form.fields]


@register.simple_tag
def fine_options(form: StudioForm) -> list[SetOption]:
    return [SetOption(form[name]) for name in OPTION_NAMES if name not in PLAIN]
