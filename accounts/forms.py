from typing import TYPE_CHECKING, Any

from django import forms
from django.conf import settings
from django.core.exceptions import ValidationError

from voiceproject.models import Keeping

if TYPE_CHECKING:
    from django.contrib.auth.models import User

CHOICES = {1: "A day", 7: "A week", 30: "30 days", 90: "90 days", 365: "A year", 0: "Until I delete it"}


SERVER = "server"
CONFIRM = "Type your user name, {name}, to confirm that everything is to be deleted."


def days_words(days: int) -> str:
    return CHOICES.get(days, f"{days} days")


class KeepingForm(forms.Form):
    """How long conversions stay. The API takes any number of days: one that is set already can be chosen here too."""

    days = forms.ChoiceField(
        label="Keep conversions",
        help_text="Counted from the end of each, for those that are there already too. What you said of a single one "
        "when you asked for it comes first.",
    )

    def __init__(self, *args: Any, user: "User", **kwargs: Any) -> None:
        days = Keeping.objects.days_of(user)
        super().__init__(*args, **kwargs)
        self.initial["days"] = SERVER if days is None else str(days)
        self.user = user
        known = CHOICES if days is None else CHOICES | {days: days_words(days)}
        usual = days_words(settings.RETENTION_DAYS)
        usual = f"As this server does: {usual[0].lower()}{usual[1:]}"
        self.fields["days"].choices = [(SERVER, usual), *((str(n), words) for n, words in known.items())]  # type: ignore[attr-defined]

    def save(self) -> None:
        days = self.cleaned_data["days"]
        Keeping.objects.wish(self.user, None if days == SERVER else int(days))


class ErasureForm(forms.Form):
    """Typed by hand and proved with the password: it cannot be taken back."""

    name = forms.CharField(
        label="Your user name", help_text="To confirm it.", widget=forms.TextInput(attrs={"autocomplete": "off"})
    )
    password = forms.CharField(
        strip=False, widget=forms.PasswordInput(attrs={"autocomplete": "current-password"}), help_text="Yours."
    )
    tokens = forms.BooleanField(label="End my tokens of the API as well", required=False)

    def __init__(self, *args: Any, user: "User", **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.user = user

    def clean_name(self) -> str:
        name: str = self.cleaned_data["name"]
        if name != self.user.get_username():
            raise ValidationError(CONFIRM.format(name=self.user.get_username()), code="not_confirmed")
        return name

    def clean_password(self) -> str:
        password: str = self.cleaned_data["password"]
        if not self.user.check_password(password):
            raise ValidationError("This is not your password.", code="wrong_password")
        return password
