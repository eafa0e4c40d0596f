from typing import TYPE_CHECKING, Any

from django import forms
from django.utils.translation import gettext_lazy as _

from accounts.tokens.models import AccessToken
from accounts.tokens.scopes import Scope

if TYPE_CHECKING:
    from django.contrib.auth.models import User

LIVES = {"7": _("A week"), "30": _("30 days"), "90": _("90 days"), "365": _("A year"), "": _("Until I revoke it")}


class TokenForm(forms.Form):
    name = forms.CharField(label=_("Name"), max_length=80, help_text=_("What it is for, so that you know it later."))
    scopes = forms.MultipleChoiceField(
        label=_("What it may do"),
        choices=Scope.choices,
        initial=[Scope.READ, Scope.CONVERT],
        widget=forms.CheckboxSelectMultiple,
    )
    days = forms.ChoiceField(label=_("How long"), choices=list(LIVES.items()), initial="90", required=False)

    def __init__(self, *args: Any, owner: "User", **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.owner = owner

    def save(self) -> AccessToken:
        days = self.cleaned_data["days"]
        wish = {"name": self.cleaned_data["name"], "scopes": self.cleaned_data["scopes"]}
        return AccessToken.objects.issue(self.owner, days=int(days) if days else None, **wish)
