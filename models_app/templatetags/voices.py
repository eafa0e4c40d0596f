"""The picture and the sentences that go with a voice."""

from pathlib import Path
from uuid import UUID

from django import template
from django.contrib.auth.models import User
from django.urls import reverse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from models_app.models import Visibility, VoiceImport, VoiceModel

register = template.Library()

IMPORT_WORDS = {
    "connect": gettext_lazy("Asking the address"),
    "download": gettext_lazy("Fetching the voice"),
    "index": gettext_lazy("Fetching its index"),
    "check": gettext_lazy("Checking what came"),
    "store": gettext_lazy("Keeping it"),
}
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


@register.simple_tag
def voice_art(voice: VoiceModel) -> SafeString:
    """Its picture, or the drawn one."""
    if not voice.cover:
        return voice_mark(voice.pk)
    mark = Path(str(voice.cover.name)).stem[-8:]  # another picture, another address
    source = f"{reverse('voices:cover', args=[voice.pk])}?{mark}"
    return format_html('<img class="mark" src="{}" width="512" height="512" alt="" loading="lazy">', source)


@register.filter
def sharing(voice: VoiceModel, user: User) -> str:
    """One or two words for who may use it, as this person sees it."""
    if voice.owner_id != user.pk:
        return _("shared with you") if voice.visibility == Visibility.PEOPLE else _("for everyone")
    return {Visibility.PRIVATE: _("only you"), Visibility.PEOPLE: _("shared by name")}.get(
        Visibility(voice.visibility), _("for everyone")
    )


@register.filter
def import_words(job: VoiceImport) -> str:
    """What an import that has not ended is doing."""
    if job.position:
        return (
            _("Waiting for a worker")
            if job.position == 1
            else _("Waiting, number {number} in the queue").format(number=job.position)
        )
    return str(IMPORT_WORDS.get(job.stage) or _("Starting"))
