"""The small forms around a voice: who may use it, another index, a blend of two, and how the list is searched."""

from typing import TYPE_CHECKING, Any
from uuid import UUID

from django import forms
from django.contrib.auth import get_user_model
from django.contrib.auth.models import Group
from django.core.exceptions import ValidationError
from django.db.models import Q
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from models_app.finding import ORDERS, WHOSE
from models_app.models import Visibility, VoiceModel

if TYPE_CHECKING:
    from django.contrib.auth.models import User
    from django.db.models import QuerySet

OFFERED = 100
"""Voices to choose from in a list; a page of thousands takes seconds, and nobody reads it."""


def people_named(names: list[str]) -> "list[User]":
    """The people of these user names. Raises ValidationError for the first that nobody has."""
    wanted = list(dict.fromkeys(filter(None, (name.strip() for name in names))))
    users = {user.get_username(): user for user in get_user_model().objects.filter(username__in=wanted)}
    for name in wanted:
        if name not in users:
            raise ValidationError(gettext("Nobody here is called “{value}”.").format(value=name[:60]), code="not_found")
    return [users[name] for name in wanted]


def groups_offered(user: Any, voice: VoiceModel) -> "Any":
    """The groups a person may share with: their own, and those that the voice is shared with already."""
    return Group.objects.filter(Q(user=user) | Q(voices_shared=voice)).distinct().order_by("name")


class ShareForm(forms.Form):
    """Who may use a voice."""

    visibility = forms.ChoiceField(choices=Visibility.choices, widget=forms.RadioSelect, label=_("Who may use it"))
    people = forms.CharField(
        label=_("People"),
        max_length=2000,
        required=False,
        help_text=_("User names, with commas between."),
        widget=forms.TextInput(attrs={"autocomplete": "off", "autocapitalize": "none", "spellcheck": "false"}),
    )
    groups = forms.ModelMultipleChoiceField(
        Group.objects.none(),
        label=_("Groups"),
        to_field_name="name",  # an id that is too large for the database would be a fault of ours
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text=_("Groups that you are in."),
    )

    def __init__(self, data: Any = None, *, voice: VoiceModel, by: Any) -> None:
        people = ", ".join(voice.people.order_by("username").values_list("username", flat=True))
        super().__init__(data, initial={"visibility": voice.visibility, "people": people, "groups": voice.groups.all()})
        self.voice, self.by = voice, by
        groups = groups_offered(by, voice)
        self.fields["groups"].queryset = groups  # type: ignore[attr-defined]
        if not groups.exists():
            del self.fields["groups"]

    def clean_people(self) -> "list[User]":
        return people_named(self.cleaned_data["people"].split(","))

    def save(self) -> None:
        said = self.cleaned_data
        self.voice.share(self.by, said["visibility"], people=said["people"], groups=said.get("groups"))


class IndexForm(forms.Form):
    index = forms.FileField(
        allow_empty_file=True,
        label=_("Index file"),
        help_text=_("A .index file for this voice. It is checked before the old one goes."),
    )


class BlendForm(forms.Form):
    """Two voices and how much of the first. Any of `voices` may be sent; those that a word finds are offered."""

    first = forms.ModelChoiceField(VoiceModel.objects.none(), label=_("First voice"), empty_label=None)
    second = forms.ModelChoiceField(VoiceModel.objects.none(), label=_("Second voice"), empty_label=None)
    share = forms.FloatField(
        min_value=1,
        max_value=99,
        initial=50,
        label=_("Share of the first"),
        help_text=_("1 to 99 percent; the rest is the second's."),
        widget=forms.NumberInput(attrs={"step": 1}),
    )
    name = forms.CharField(
        label=_("Name"), max_length=120, required=False, help_text=_("Left empty, both names with a plus between.")
    )

    def __init__(self, *args: Any, voices: "QuerySet[VoiceModel]", find: str = "", **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        named = voices.values_list("pk", "name")
        shown = list(named.filter(name__icontains=find)[: OFFERED + 1] if find else named[: OFFERED + 1])
        self.more = bool(find) or len(shown) > OFFERED
        self.enough = len(shown) > 1 or voices.count() > 1
        for name in ("first", "second"):
            field: Any = self.fields[name]
            field.queryset = voices
            chosen = named.filter(pk=key) if (key := _key(self[name].value())) else ()
            field.choices = dict([*chosen, *shown[:OFFERED]]).items()

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        if not self.errors and cleaned["first"] == cleaned["second"]:
            self.add_error("second", ValidationError(gettext("Choose two different voices."), code="cannot_blend"))
        return cleaned


def _key(text: Any) -> UUID | None:
    try:
        return UUID(str(text))
    except ValueError:
        return None


class FindForm(forms.Form):
    """How the list of voices is searched; whatever cannot be understood is left out."""

    search = forms.CharField(
        max_length=100,
        required=False,
        widget=forms.TextInput(attrs={"type": "search", "placeholder": _("Name, word, tag or person")}),
    )
    whose = forms.ChoiceField(choices=WHOSE, required=False, label=_("Whose"))
    tag = forms.ChoiceField(required=False)
    language = forms.ChoiceField(required=False)
    order = forms.ChoiceField(choices=[(name, words) for name, (words, fields) in ORDERS.items()], required=False)

    def __init__(self, *args: Any, tags: list[str], languages: list[tuple[str, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["tag"].choices = [("", gettext("Any tag")), *((tag, tag) for tag in tags)]  # type: ignore[attr-defined]
        self.fields["language"].choices = [("", gettext("Any language")), *languages]  # type: ignore[attr-defined]
