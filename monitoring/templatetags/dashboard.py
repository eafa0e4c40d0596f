"""Times and shares as the dashboard shows them, short."""

from datetime import datetime

from django import template
from django.apps import apps
from django.templatetags.static import static
from django.utils import timezone
from django.utils.formats import number_format
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from conversions.templatetags.options import TIMING_WORDS
from jobs.models import State
from jobs.queues import queue_label

register = template.Library()

UNITS = (
    (172_800, 86_400, gettext_lazy("{number} days")),
    (7200, 3600, gettext_lazy("{number} h")),
    (120, 60, gettext_lazy("{number} min")),
)
"""From so many seconds on: by what they are divided, and what that is called."""


@register.simple_tag
def sign(well: bool, yes: str, no: str) -> SafeString:
    """The sign of the administration for yes or no, and the word that is read out instead."""
    picture = static(f"admin/img/icon-{'yes' if well else 'no'}.svg")
    return format_html('<img src="{}" alt="{}">', picture, yes if well else no)


@register.filter
def lasting(seconds: float) -> str:
    for least, size, name in UNITS:
        if seconds >= least:
            return str(name).format(number=number_format(seconds / size, 0))
    return _("{number} s").format(number=number_format(seconds, 1 if 0 < seconds < 10 else 0))


@register.filter
def ago(moment: datetime | None) -> str:
    """How long ago that was; nothing of what never was."""
    if moment is None:
        return ""
    return _("{time} ago").format(time=lasting(max(0.0, round((timezone.now() - moment).total_seconds()))))


@register.filter
def percent(share: float | None) -> str:
    return "" if share is None else f"{share:.0%}"


@register.filter
def kind(name: str) -> str:
    """What records of a kind are called, from the name of their model."""
    named = (model for model in apps.get_models() if model._meta.model_name == name)
    return next((capfirst(str(model._meta.verbose_name_plural)) for model in named), name)


register.filter("queue", queue_label)


@register.filter
def state(name: str) -> str:
    return str(State(name).label)


@register.filter
def stage(name: str) -> str:
    return str(TIMING_WORDS.get(name) or name)
