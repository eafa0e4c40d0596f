"""The voices that the studio offers: a few of however many, the likeliest first, and all others by searching."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from uuid import UUID

from django.db.models import Case, Count, IntegerField, Value, When
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
    voice, counts = picked(visible, chosen), encoders_of(visible)
    missing = [name for name in counts if not encoder_installed(name)]
    order = _likeliest(user, found, voice, missing)
    fitting, total = len(order), sum(counts.values()) if wish == Wish() else found.count()
    if voice and voice.pk not in order:
        order = [voice.pk, *order]
    starred = visible.annotate(starred=FavouriteVoice.objects.of(user)).prefetch_related("tags").in_bulk(order)
    shown: list[Any] = [starred[pk] for pk in order if pk in starred]
    return Offer(wish, str(voice.pk) if voice else "", shown, total - fitting, fitting, missing)


def _likeliest(user: "User", found: Any, voice: VoiceModel | None, missing: list[str]) -> list[UUID]:
    """The ids of those to be shown, in their order. Of many thousands only these are fetched whole."""
    near = [*([voice.pk] if voice else []), *recently_used(user)]
    by_name = (Lower("name"), "id")
    lacking = Case(When(encoder__in=missing, then=Value(1)), default=Value(0), output_field=IntegerField())
    ids = found.order_by().values_list("pk", flat=True)
    fitting = set(ids.filter(pk__in=near))
    starred = ids.filter(stars__owner=user).order_by(*by_name)[:SHOWN]
    others = ids.order_by(*([lacking] if missing else []), *by_name)[: 2 * SHOWN + 1]
    return list(dict.fromkeys([*(pk for pk in near if pk in fitting), *starred, *others]))[:SHOWN]


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


def encoders_of(voices: VoiceQuerySet) -> dict[str, int]:
    """The content encoders that these voices need, and how many need each."""
    return dict(voices.order_by("encoder").values_list("encoder").annotate(Count("pk")))
