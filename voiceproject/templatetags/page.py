"""What every page needs: icons from the sprite, and quantities in plain words."""

import re
from decimal import Decimal

from django import template
from django.templatetags.static import static
from django.utils.formats import number_format
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from voiceproject import sentences

register = template.Library()

SPRITE = "vendor/lucide-1.62.0/sprite.svg"


@register.simple_tag
def icon(name: str) -> SafeString:
    """One icon of the sprite. Decoration only: the words stand beside it."""
    return format_html('<svg class="icon" aria-hidden="true"><use href="{}#{}"/></svg>', static(SPRITE), name)


@register.filter
def told(sentence: object) -> str:
    """A sentence of the library, an engine or a worker in the language of the page; markup stays as it is."""
    text = str(sentence)
    return text if isinstance(text, SafeString) else sentences.told(text)


@register.filter
def code(sentence: str) -> SafeString:
    """A sentence of the library, whose commands stand between backticks, for a page."""
    parts = re.split("`([^`]*)`", sentence)
    pairs = zip(parts[::2], [*parts[1::2], ""], strict=True)
    return format_html_join(
        "", "{}{}", ((words, format_html("<code>{}</code>", line) if line else "") for words, line in pairs)
    )


@register.filter
def clock(seconds: float | None) -> str:
    """Seconds as m:ss, below a minute with one decimal."""
    if seconds is None:
        return "–"
    if seconds < 60:
        return f"{number_format(seconds, 1)} s"
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes}:{rest:02d} min"


@register.filter
def kilohertz(rate: int | None) -> str:
    """A sampling rate as people say it: 25600 is 25.6 kHz."""
    return f"{number_format(Decimal(f'{rate / 1000:.10g}'))} kHz" if rate else "–"
