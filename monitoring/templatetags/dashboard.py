"""Times and shares as the dashboard shows them, short."""

from datetime import datetime

from django import template
from django.templatetags.static import static
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString

register = template.Library()

UNITS = ((172_800, 86_400, "days"), (7200, 3600, "h"), (120, 60, "min"))
"""From so many seconds on: by what they are divided, and what that is called."""


@register.simple_tag
def sign(well: bool, words: str) -> SafeString:
    """The sign of the administration for yes or no. `words`, two with a comma between them, are read out instead."""
    yes, no = words.split(",")
    picture = static(f"admin/img/icon-{'yes' if well else 'no'}.svg")
    return format_html('<img src="{}" alt="{}">', picture, yes if well else no)


@register.filter
def lasting(seconds: float) -> str:
    for least, size, name in UNITS:
        if seconds >= least:
            return f"{seconds / size:.0f} {name}"
    return f"{seconds:.1f} s" if 0 < seconds < 10 else f"{seconds:.0f} s"


@register.filter
def ago(moment: datetime | None) -> str:
    """How long ago that was; nothing of what never was."""
    if moment is None:
        return ""
    return f"{lasting(max(0.0, round((timezone.now() - moment).total_seconds())))} ago"


@register.filter
def percent(share: float | None) -> str:
    return "" if share is None else f"{share:.0%}"
