from typing import TYPE_CHECKING, Any

from django import forms
from django.conf import settings
from django.core.exceptions import ValidationError
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from voiceproject.models import Keeping

if TYPE_CHECKING:
    from django.contrib.auth.models import User

CHOICES = {
    1: _("A day"),
    7: _("A week"),
    30: _("30 days"),
    90: _("90 days"),
    365: _("A year"),
    0: _("Until I delete it"),
}

SERVER = "server"
CONFIRM = _("Type your user name, {name}, to confirm that everything is to be deleted.")


def days_words(days: int) -> str:
    return str(CHOICES.get(days) or ngettext("{days} day", "{days} days", days).format(days=days))


class KeepingForm(forms.Form):
    """How long conversions stay. The API takes any number of days: one that is set already can be chosen here too."""

    days = forms.ChoiceField(
        label=_("Keep conversions"),
        help_text=_(
            "Counted from the end of each, for those that are there already too. What you said of a single one "
            "when you asked for it comes first."
        ),
    )

    def __init__(self, *args: Any, user: "User", **kwargs: Any) -> None:
        days = Keeping.objects.days_of(user)
        super().__init__(*args, **kwargs)
        self.initial["days"] = SERVER if days is None else str(days)
        self.user = user
        known = CHOICES if days is None else CHOICES | {days: days_words(days)}
        usual = gettext("As this server does ({days})").format(days=days_words(settings.RETENTION_DAYS))
        self.fields["days"].choices = [(SERVER, usual), *((str(n), words) for n, words in known.items())]  # type: ignore[attr-defined]

    def save(self) -> None:
        days = self.cleaned_data["days"]
        Keeping.objects.wish(self.user, None if days == SERVER else int(days))


class ErasureForm(forms.Form):
    """Typed by hand and proved with the password: it cannot be taken back."""

    name = forms.CharField(
        label=_("Your user name"),
        help_text=_("To confirm it."),
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    password = forms.CharField(
        label=_("Password"),
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "current-password"}),
        help_text=_("Yours."),
    )
    tokens = forms.BooleanField(label=_("End my tokens of the API as well"), required=False)

    def __init__(self, *args: Any, user: "User", **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.user = user

    def clean_name(self) -> str:
        name: str = self.cleaned_data["name"]
        if name != self.user.get_username():
            raise ValidationError(str(CONFIRM).format(name=self.user.get_username()), code="not_confirmed")
        return name

    def clean_password(self) -> str:
        password: str = self.cleaned_data["password"]
        if not self.user.check_password(password):
            raise ValidationError(gettext("This is not your password."), code="wrong_password")
        return password
