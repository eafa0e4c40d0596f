from typing import TYPE_CHECKING, Any

from django import forms
from django.conf import settings

from voiceproject.models import Keeping

if TYPE_CHECKING:
    from django.contrib.auth.models import User

CHOICES = {1: "A day", 7: "A week", 30: "30 days", 90: "90 days", 365: "A year", 0: "Until I delete it"}


def days_words(days: int) -> str:
    return CHOICES.get(days, f"{days} days")


class KeepingForm(forms.Form):
    """How long conversions stay. The API takes any number of days: one that is set already can be chosen here too."""

    days = forms.ChoiceField(
        label="Keep conversions",
        required=False,
        help_text="Counted from the end of each, for those that are there already too. What you said of a single one "
        "when you asked for it comes first.",
    )

    def __init__(self, *args: Any, user: "User", **kwargs: Any) -> None:
        days = Keeping.objects.days_of(user)
        super().__init__(*args, **kwargs)
        self.initial["days"] = "" if days is None else str(days)
        self.user = user
        known = CHOICES if days is None else CHOICES | {days: days_words(days)}
        usual = f"As this server does: {days_words(settings.RETENTION_DAYS).lower()}"
        self.fields["days"].choices = [("", usual), *((str(n), words) for n, words in known.items())]  # type: ignore[attr-defined]

    def save(self) -> None:
        days = self.cleaned_data["days"]
        Keeping.objects.wish(self.user, int(days) if days else None)
