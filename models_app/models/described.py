"""What people say about a voice: its names, its words, its picture and the options that suit it."""

import re
import uuid
from pathlib import Path
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.files.base import ContentFile
from django.db import models, transaction
from django.utils import timezone
from django.utils.text import slugify
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from models_app.models.event import Action, Recorded
from models_app.models.tag import Tag
from voiceproject.files import delete_after_commit, kept_together

if TYPE_CHECKING:
    from django.contrib.auth.models import User

LANGUAGE = re.compile(r"[a-z]{2,3}(-[a-z0-9]{2,8}){0,3}", re.IGNORECASE)

CALLED = {
    "recommended": "default options",
    "consent_statement": "statement of consent",
    "origin": "source",
    "speaker_names": "names of speakers",
    "usual_f0": "usual pitch",
}


def cover_path(voice: "Described", filename: str) -> str:
    """A name is used once: what a browser keeps of an earlier picture is never shown for a later one."""
    return f"covers/{voice.pk.hex}-{uuid.uuid4().hex[:8]}{Path(filename).suffix}"


def check_language(code: str) -> None:
    if code and not LANGUAGE.fullmatch(code):
        raise ValidationError(gettext("Write a language code such as en, pt-BR or zh-Hant."), code="bad_language")


class Described(Recorded):
    """The part of a voice that people write, and change later."""

    name = models.CharField(max_length=120)
    slug = models.SlugField(max_length=140, unique=True, editable=False, help_text="Its name in addresses, for good.")
    description = models.TextField(max_length=2000, blank=True)
    tags = models.ManyToManyField(Tag, blank=True, related_name="voices")
    language = models.CharField(
        max_length=35,
        blank=True,
        validators=[check_language],
        help_text=_("A language code: en, pt-BR, zh-Hant."),
    )
    cover = models.FileField(upload_to=cover_path, blank=True, editable=False)
    licence = models.CharField(max_length=200, blank=True)
    origin = models.TextField(_("source"), max_length=2000, blank=True)
    quality = models.TextField(max_length=2000, blank=True)
    recommended = models.JSONField(default=dict, blank=True, help_text="Options that suit this voice.")
    speaker_names = models.JSONField(default=dict, blank=True, help_text="Number as text to name; not all have one.")
    consent_statement = models.TextField(_("I may use this voice because"), max_length=2000, blank=True)
    consent_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, editable=False, related_name="+"
    )
    consent_at = models.DateTimeField(null=True, editable=False)

    class Meta:
        abstract = True

    def __str__(self) -> str:
        return self.name

    @property
    def tag_words(self) -> list[str]:
        return [tag.name for tag in self.tags.all()]

    def state_consent(self, by: "User | None") -> None:
        """Note who says so, and when; an empty statement is nobody's. Saved with the row."""
        said = bool(self.consent_statement)
        self.consent_by, self.consent_at = (by, timezone.now()) if said else (None, None)

    def choose_slug(self) -> None:
        """The name as an address has it; the id makes it one of its own where another voice was first."""
        slug = slugify(self.name, allow_unicode=False)[:120] or "voice"
        rows = type(self)._default_manager
        self.slug = f"{slug}-{self.pk.hex[:8]}" if rows.filter(slug=slug).exists() else slug

    @transaction.atomic
    def edit(self, by: "User | None", **said: Any) -> list[str]:
        """Change columns and `tags`, a list of words; the names of what is not as it was before."""
        tags = said.pop("tags", None)
        stored = self.held()
        changed = [name for name, value in said.items() if getattr(stored, name) != value]
        for name, value in said.items():
            setattr(self, name, value)
        if "consent_statement" in changed:
            self.state_consent(by)
        self.save(update_fields=[*said, "consent_by", "consent_at"])
        if tags is not None and sorted(tags) != sorted(stored.tag_words):
            self.tags.set(Tag.objects.named(tags))
            changed.append("tags")
        if changed:
            self.record(Action.EDITED, by, ", ".join(CALLED.get(name, name) for name in changed))
        return changed

    def show_cover(self, by: "User | None", picture: bytes | None) -> None:
        """Take a picture that `models_app.covers.check` has made, or None for the drawn one."""
        if picture is None and not self.cover:
            return
        self.cover = None
        with kept_together(self.cover):
            delete_after_commit(self.held().cover)
            if picture is not None:
                self.cover.save("cover.webp", ContentFile(picture), save=False)
            self.save(update_fields=["cover"])
            self.record(Action.EDITED, by, "cover")
