"""Who speaks a text, in words."""

from django import template
from django.utils.translation import gettext as _

from tts.engines.registry import engines
from tts.models import Speech

register = template.Library()


@register.filter
def speaker_words(speech: Speech) -> str:
    """The engine, its speaker and the language; who was asked in vain stands among the warnings."""
    known = engines()
    name = speech.engine or (speech.engines[0] if speech.engines else "")
    words = [_("Spoken by {name}").format(name=known[name].label if name in known else name)]
    if speech.engine_speaker and name == speech.engines[0]:
        words.append(speech.engine_speaker)
    if speech.language:
        words.append(speech.language)
    if speech.rate != 1:
        words.append(_("pace {rate}").format(rate=f"{speech.rate:g}"))
    if speech.pause is not None:
        words.append(_("pauses of {seconds} s").format(seconds=f"{speech.pause:g}"))
    return ", ".join(words)
