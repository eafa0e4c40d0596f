"""Some of the history: what may stand in the address of its page, and which rows are meant."""

from datetime import date, datetime, time, timedelta
from typing import TYPE_CHECKING, Any

from django import forms
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db.models import CharField, Q, QuerySet, Value
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from conversions.batches.models import Batch, Refusal
from conversions.history import ALONE, TOGETHER
from conversions.models import Conversion, Kind
from jobs.models import State

if TYPE_CHECKING:
    from django.contrib.auth.models import User

UNDER_WAY, TROUBLE = "active", "failed"
STATES: dict[str, tuple[Any, tuple[str, ...]]] = {
    UNDER_WAY: (_("Waiting or running"), (State.QUEUED, State.RUNNING)),
    "done": (_("Ready"), (State.DONE,)),
    TROUBLE: (_("Failed or not accepted"), (State.FAILED, State.REJECTED)),
    "cancelled": (_("Cancelled"), (State.CANCELLED,)),
}
KINDS = ((Kind.RECORDING, _("Recordings")), (Kind.SPEECH, _("Texts")), (TOGETHER, _("Batches")))
MOST_WORDS = 8
DAYS = (MinValueValidator(date(1900, 1, 1)), MaxValueValidator(date(9000, 1, 1)))
"""Days whose midnight every database and every time zone knows."""
MOST_VOICES = 200


class SiftForm(forms.Form):
    """What somebody looks for; what cannot be understood is left out."""

    search = forms.CharField(
        label=_("Search"),
        max_length=200,
        required=False,
        widget=forms.TextInput(attrs={"type": "search", "placeholder": _("Name, voice or spoken words")}),
    )
    state = forms.ChoiceField(label=_("State"), required=False)
    kind = forms.ChoiceField(label=_("Kind"), required=False)
    voice = forms.ChoiceField(label=_("Voice"), required=False)
    since = forms.DateField(
        label=_("From"), required=False, validators=DAYS, widget=forms.DateInput({"type": "date"}, "%Y-%m-%d")
    )
    until = forms.DateField(
        label=_("To"), required=False, validators=DAYS, widget=forms.DateInput({"type": "date"}, "%Y-%m-%d")
    )

    def __init__(self, data: Any, *, user: "User") -> None:
        super().__init__(data)
        states = [(name, words) for name, (words, _states) in STATES.items()]
        for name, first, choices in (
            ("state", gettext("Any state"), states),
            ("kind", gettext("All kinds"), KINDS),
            ("voice", gettext("Any voice"), voices_used(user)),
        ):
            self.fields[name].choices = [("", first), *choices]  # type: ignore[attr-defined]
        self.full_clean()

    @property
    def wish(self) -> dict[str, Any]:
        return {name: value for name, value in self.cleaned_data.items() if value}

    @property
    def opened(self) -> bool:
        """Whether more is wished than words: those fields are to be seen then."""
        return bool(self.wish.keys() - {"search"})


def voices_used(user: "User") -> list[tuple[str, str]]:
    """Id and name of the voices in somebody's history that are still there."""
    own = Conversion.objects.visible_to(user).order_by().exclude(voice=None)
    found = dict(own.values_list("voice_id", "voice__name").distinct()[:MOST_VOICES])
    return sorted(((str(pk), name) for pk, name in found.items()), key=lambda pair: pair[1].casefold())


def sifted(user: "User", wish: dict[str, Any]) -> QuerySet[Any, Any]:
    """Rows of (kind, id, time), newest first, to be taken page by page and given to `conversions.history.things`."""
    alone = _within(Conversion.objects.visible_to(user).filter(batch=None), wish)
    together = _within(Batch.objects.visible_to(user), wish)
    if states := STATES.get(wish.get("state", ""), ("", ()))[1]:
        alone = alone.filter(state__in=states)
        together = _batches_in(together, user, wish["state"])
    for word in wish.get("search", "").replace("\0", "").split()[:MOST_WORDS]:
        alone = alone.filter(_holds(word) | Q(speech__text__icontains=word))
        inside = _files(user).filter(_holds(word)).values("batch")
        together = together.filter(Q(name__icontains=word) | Q(voice_name__icontains=word) | Q(pk__in=inside))
    kind = wish.get("kind")
    if kind == TOGETHER:
        return _named(TOGETHER, together).order_by("-created_at")
    if kind:
        return _named(ALONE, alone.filter(kind=kind)).order_by("-created_at")
    both: QuerySet[Any, Any] = _named(ALONE, alone).union(_named(TOGETHER, together), all=True)
    return both.order_by("-created_at")


def _named(kind: str, rows: Any) -> QuerySet[Any, Any]:
    named: QuerySet[Any, Any] = rows.order_by().annotate(what=Value(kind, CharField()))
    return named.values_list("what", "pk", "created_at")


def _within(rows: Any, wish: dict[str, Any]) -> Any:
    if wish.get("voice"):
        rows = rows.filter(voice_id=wish["voice"])
    if wish.get("since"):
        rows = rows.filter(created_at__gte=_midnight(wish["since"]))
    if wish.get("until"):
        rows = rows.filter(created_at__lt=_midnight(wish["until"] + timedelta(days=1)))
    return rows


def _midnight(day: Any) -> datetime:
    return timezone.make_aware(datetime.combine(day, time.min))


def _batches_in(rows: Any, user: "User", state: str) -> Any:
    """A batch that waits or runs has something left; of those that have ended it is what became of their files."""
    if state == UNDER_WAY:
        return rows.filter(ended_at=None, size__gt=0)
    found = Q(pk__in=_files(user).filter(state__in=STATES[state][1]).values("batch"))
    if state == TROUBLE:
        found |= Q(pk__in=Refusal.objects.filter(batch__owner=user).values("batch"))
    return rows.exclude(ended_at=None).filter(found)


def _files(user: "User") -> Any:
    """What somebody's batches have inside; a list that the database makes once, not for each of them."""
    return Conversion.objects.visible_to(user).order_by().exclude(batch=None)


def _holds(word: str) -> Q:
    return Q(source_name__icontains=word) | Q(voice_name__icontains=word)
