"""Who speaks a text, in words."""

from django import template

from tts.engines.registry import engines
from tts.models import Speech

register = template.Library()


@register.filter
def speaker_words(speech: Speech) -> str:
    """The engine, its speaker and the language; who was asked in vain stands among the warnings."""
    known = engines()
    name = speech.engine or (speech.engines[0] if speech.engines else "")
    words = [f"Spoken by {known[name].label if name in known else name}"]
    if speech.engine_speaker and name == speech.engines[0]:
        words.append(speech.engine_speaker)
    if speech.language:
        words.append(speech.language)
    if speech.rate != 1:
        words.append(f"pace {speech.rate:g}")
    if speech.pause is not None:
        words.append(f"pauses of {speech.pause:g} s")
    return ", ".join(words)
