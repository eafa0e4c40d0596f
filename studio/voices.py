"""The voices that the studio offers: a few of however many, the likeliest first, and all others by searching."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from uuid import UUID

from django.db.models import Case, IntegerField, Value, When
from django.db.models.functions import Lower
from django.http import QueryDict

from conversions.models import Conversion
from models_app.finding import Wish, find, tags_in
from models_app.models import FavouriteVoice, VoiceModel, VoiceQuerySet, encoder_installed

if TYPE_CHECKING:
    from django.contrib.auth.models import User

SHOWN = 24
LOOKED_BACK = 200
"""So many of the last conversions say which voices are in use."""
LONGEST_SEARCH = 100
ONLY = ("favourites", "mine", "shared")

CHOSEN, RECENT, STARRED, OTHERS, LACKING = -1, 0, LOOKED_BACK, LOOKED_BACK + 1, LOOKED_BACK + 2
"""Places in the order; the recent ones take theirs one after the other."""


@dataclass(frozen=True)
class Offer:
    """Some voices, and what was looked for."""

    wish: Wish
    chosen: str
    voices: Sequence[VoiceModel]
    more: int
    """How many others fit as well."""
    fitting: int
    """How many of the shown ones fit; the chosen voice is shown in any case."""
    missing: list[str]
    """The content encoders that some of all voices need and this machine lacks."""


def wish_from(asked: QueryDict) -> Wish:
    """What somebody looks for; whatever cannot be understood is left out."""
    words = {name: asked.get(name, "").replace("\0", "")[:LONGEST_SEARCH] for name in ("find", "tag", "only")}
    return Wish(search=words["find"], tag=words["tag"], whose=words["only"] if words["only"] in ONLY else "")


def offer(user: "User", wish: Wish, chosen: str) -> Offer:
    """The chosen voice, then those used lately, those with a star, and the others by name, lacking ones last."""
    visible = VoiceModel.objects.visible_to(user)
    found = find(user, wish)
    voice, missing = picked(visible, chosen), missing_encoders(visible)
    place = _place(user, voice, missing)
    voices = found.annotate(starred=FavouriteVoice.objects.of(user), place=place)
    shown: list[Any] = list(voices.order_by("place", Lower("name"), "id").prefetch_related("tags")[:SHOWN])
    fitting, total = len(shown), found.count()
    if voice and voice not in shown:
        kept = visible.annotate(starred=FavouriteVoice.objects.of(user)).prefetch_related("tags")
        shown = [kept.get(pk=voice.pk), *shown]
    return Offer(wish, str(voice.pk) if voice else "", shown, total - fitting, fitting, missing)


def _place(user: "User", voice: VoiceModel | None, missing: list[str]) -> Case:
    recent = [When(pk=pk, then=Value(RECENT + place)) for place, pk in enumerate(recently_used(user))]
    first = [When(pk=voice.pk, then=Value(CHOSEN))] if voice else []
    lacking: Any = When(encoder__in=missing, then=Value(LACKING))
    starred: Any = When(FavouriteVoice.objects.of(user), then=Value(STARRED))
    return Case(*first, *recent, starred, lacking, default=Value(OTHERS), output_field=IntegerField())


def recently_used(user: "User") -> list[UUID]:
    """The voices of somebody's last conversions, the latest first."""
    used = Conversion.objects.visible_to(user).exclude(voice=None).order_by("-created_at")
    return list(dict.fromkeys(used.values_list("voice_id", flat=True)[:LOOKED_BACK]))[:SHOWN]


def tags_to_choose(user: "User") -> list[str]:
    return tags_in(VoiceModel.objects.visible_to(user))


def picked(voices: VoiceQuerySet, key: str) -> VoiceModel | None:
    """The voice of this id among some, if the id is one."""
    try:
        return voices.filter(pk=UUID(key)).first()
    except ValueError:
        return None


def missing_encoders(voices: VoiceQuerySet) -> list[str]:
    """The content encoders that some of these voices need and this machine lacks."""
    names = voices.order_by("encoder").values_list("encoder", flat=True).distinct()
    return [name for name in names if not encoder_installed(name)]
