"""The picture and the sentence that go with a voice."""

from uuid import UUID

from django import template
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

register = template.Library()

BARS = 7
PALETTES = 6


@register.simple_tag
def voice_mark(key: UUID) -> SafeString:
    """A small waveform that belongs to this id alone, so that a list of voices can be told apart at a glance."""
    digits = key.bytes
    heights = [6 + digits[place] % 30 for place in range(BARS)]
    bars = format_html_join(
        "",
        '<rect x="{}" y="{}" width="3" height="{}" rx="1.5"/>',
        ((9 + 5 * place, 24 - height / 2, height) for place, height in enumerate(heights)),
    )
    return format_html(
        '<svg class="mark mark-{}" viewBox="0 0 48 48" aria-hidden="true">{}</svg>', sum(digits) % PALETTES, bars
    )
