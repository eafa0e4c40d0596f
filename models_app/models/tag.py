from collections.abc import Iterable

from django.core.exceptions import ValidationError
from django.db import models
from django.utils.translation import gettext as _

LONGEST_TAG = 40
MOST_TAGS = 20


def tags_from_text(text: str) -> list[str]:
    """The words between commas: small letters, each once, in their order. Raises ValidationError."""
    words = [" ".join(word.split()).lower() for word in text.split(",")]
    tags = list(dict.fromkeys(filter(None, words)))
    if len(tags) > MOST_TAGS:
        raise ValidationError(_("At most {most} tags.").format(most=MOST_TAGS))
    for tag in tags:
        if len(tag) > LONGEST_TAG:
            sentence = _("“{value}…” is too long for a tag: at most {most} letters.")
            message = sentence.format(value=tag[:20], most=LONGEST_TAG)
            raise ValidationError(message)
    return tags


class TagQuerySet(models.QuerySet["Tag"]):
    def named(self, names: Iterable[str]) -> "list[Tag]":
        """The tags of these names, new ones among them."""
        return [self.get_or_create(name=name)[0] for name in names]


class Tag(models.Model):
    """One word that voices are found by."""

    name = models.CharField(max_length=LONGEST_TAG, unique=True)

    objects = TagQuerySet.as_manager()

    class Meta:
        ordering = ("name",)

    def __str__(self) -> str:
        return self.name
