"""What a person likes: the look of the site, and what new conversions begin with."""

from typing import TYPE_CHECKING, Any

from django import forms
from django.conf import settings
from django.http import HttpResponseBase
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from conversions.presets import Preset
from rvc.options import CHOICES, FORMAT_LABELS
from voiceproject.languages import THEME_COOKIE
from voiceproject.models import Preferences
from voiceproject.preferences import Theme

if TYPE_CHECKING:
    from django.contrib.auth.models import User


class PreferenceForm(forms.Form):
    """Some columns of one's preferences: each of its fields has the name of one."""

    def __init__(self, data: Any = None, *, user: "User") -> None:
        liked = Preferences.objects.of(user)
        super().__init__(data, initial={name: getattr(liked, name) for name in self.base_fields})
        self.user = user

    def save(self) -> None:
        Preferences.objects.wish(self.user, **self.cleaned_data)


class LookForm(PreferenceForm):
    language = forms.ChoiceField(
        label=_("Language"), choices=[("", _("As this browser says")), *settings.LANGUAGES], required=False
    )
    theme = forms.ChoiceField(label=_("Colours"), choices=Theme.choices, required=False, widget=forms.RadioSelect)

    def remember(self, response: HttpResponseBase) -> None:
        """Have this browser know it too, for the pages where nobody is logged in."""
        cookies = {
            settings.LANGUAGE_COOKIE_NAME: self.cleaned_data["language"],
            THEME_COOKIE: self.cleaned_data["theme"],
        }
        for name, value in cookies.items():
            response.set_cookie(
                name,
                value,
                max_age=settings.LANGUAGE_COOKIE_AGE if value else 0,
                secure=settings.LANGUAGE_COOKIE_SECURE,
                httponly=True,
                samesite="Lax",
            )


class DefaultsForm(PreferenceForm):
    output_format = forms.ChoiceField(label=_("Kind of file"), required=False)
    preset = forms.ChoiceField(
        label=_("Preset"),
        required=False,
        help_text=_("Its settings come before those that a voice recommends. Presets are made in the studio."),
    )

    def __init__(self, data: Any = None, *, user: "User") -> None:
        super().__init__(data, user=user)
        formats = [(name, gettext(FORMAT_LABELS[name])) for name in CHOICES["output_format"]]
        presets = [(str(preset.pk), preset.name) for preset in Preset.objects.visible_to(user)]
        self.fields["output_format"].choices = [("", gettext("As the voice recommends")), *formats]  # type: ignore[attr-defined]
        self.fields["preset"].choices = [("", gettext("No preset")), *presets]  # type: ignore[attr-defined]

    def clean_preset(self) -> str | None:
        return self.cleaned_data["preset"] or None
