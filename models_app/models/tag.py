from collections.abc import Iterable

from django.core.exceptions import ValidationError
from django.db import models

LONGEST_TAG = 40
MOST_TAGS = 20


def tags_from_text(text: str) -> list[str]:
    """The words between commas: small letters, each once, in their order. Raises ValidationError."""
    words = [" ".join(word.split()).lower() for word in text.split(",")]
    tags = list(dict.fromkeys(filter(None, words)))
    if len(tags) > MOST_TAGS:
        raise ValidationError(f"At most {MOST_TAGS} tags.")
    for tag in tags:
        if len(tag) > LONGEST_TAG:
            raise ValidationError(f"“{tag[:20]}…” is too long for a tag: at most {LONGEST_TAG} letters.")
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
