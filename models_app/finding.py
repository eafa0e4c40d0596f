"""Finding voices again: the same words, filters and orders on the page and in the API."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.db.models import Exists, OuterRef, Q, QuerySet
from django.db.models.functions import Lower
from django.utils.translation import get_language_info
from django.utils.translation import gettext_lazy as _

from models_app.models import FavouriteVoice, Tag, Visibility, VoiceModel

if TYPE_CHECKING:
    from django.contrib.auth.models import User

WHOSE = (
    ("", _("All voices")),
    ("favourites", _("Your favourites")),
    ("mine", _("Yours")),
    ("shared", _("Shared with you")),
    ("everyone", _("Everyone's")),
)
ORDERS: dict[str, tuple[Any, tuple[Any, ...]]] = {
    "new": (_("Newest first"), ("-created_at", "id")),
    "name": (_("By name"), (Lower("name"), "id")),
    "used": (_("Most used first"), ("-use_count", "-created_at", "id")),
}
MOST_WORDS = 8
MOST_TAGS = 200


@dataclass(frozen=True)
class Wish:
    """What somebody looks for; empty leaves everything in."""

    search: str = ""
    tag: str = ""
    language: str = ""
    whose: str = ""
    starred: bool = False
    visibility: str = ""
    order: str = "new"


def find(user: "User", wish: Wish) -> QuerySet[VoiceModel]:
    """The voices that a person may see, narrowed to what they wish, in the order they wish."""
    voices: QuerySet[VoiceModel] = VoiceModel.objects.visible_to(user)
    for word in wish.search.split()[:MOST_WORDS]:
        voices = voices.filter(_holds(word))
    if wish.tag:
        voices = voices.filter(pk__in=_tagged(name=wish.tag.lower()))
    if wish.language:
        voices = voices.filter(Q(language__iexact=wish.language) | Q(language__istartswith=f"{wish.language}-"))
    if wish.visibility:
        voices = voices.filter(visibility=wish.visibility)
    if wish.starred or wish.whose == "favourites":
        voices = voices.filter(FavouriteVoice.objects.of(user))
    voices = _whose(voices, user, wish.whose)
    return voices.order_by(*ORDERS.get(wish.order, ORDERS["new"])[1])


def _holds(word: str) -> Q:
    texts = ("name", "description", "slug", "owner__username")
    found = Q(pk__in=_tagged(name__icontains=word))
    for text in texts:
        found |= Q(**{f"{text}__icontains": word})
    return found


def _tagged(**how: str) -> Any:
    """A subquery: a join would show a voice once for each of its tags."""
    names = {f"tag__{lookup}": value for lookup, value in how.items()}
    return VoiceModel.tags.through._default_manager.filter(**names).values("voicemodel")


def _whose(voices: QuerySet[VoiceModel], user: "User", whose: str) -> QuerySet[VoiceModel]:
    if whose == "mine":
        return voices.filter(owner=user)
    if whose == "shared":
        return voices.exclude(owner=user)
    if whose == "everyone":
        return voices.filter(visibility=Visibility.EVERYONE)
    return voices


def tags_in(voices: QuerySet[VoiceModel]) -> list[str]:
    """The tags that some of these voices have."""
    # Asked tag by tag, so that the first such voice is enough.
    used = Exists(voices.order_by().filter(tags=OuterRef("pk")))
    return list(Tag.objects.filter(used).values_list("name", flat=True)[:MOST_TAGS])


def languages_in(voices: QuerySet[VoiceModel]) -> list[tuple[str, str]]:
    """Code and name of the languages that some of these voices have."""
    codes = voices.exclude(language="").order_by("language").values_list("language", flat=True).distinct()
    return [(code, language_name(code)) for code in codes]


def language_name(code: str) -> str:
    """English (GB) for en-GB; a code that nobody named stays as it is."""
    base, dash, rest = code.partition("-")
    try:
        name = str(get_language_info(base.lower())["name_translated"])
    except KeyError:
        return code
    return f"{name} ({rest})" if dash else name
