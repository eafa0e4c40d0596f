"""Presets on the page: use one, keep the present settings as one, delete one."""

from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from conversions.models import OPTION_NAMES
from conversions.presets import Preset
from models_app.options import option_field
from rvc.errors import RVCError
from voiceproject.pages import PersonRequest

USE, KEEP, DROP = VERBS = ("preset-use", "preset-keep", "preset-drop")
ENTER = "enter"
"""What a browser without scripts sends when somebody presses Enter in a field."""
OF_ONE = ("speaker", "seed")
"""These mean something for one voice or one result: a preset leaves them out."""


@dataclass
class Settled:
    """What came of it, for the page to say."""

    said: str = ""
    refused: list[str] = field(default_factory=list)
    options: dict[str, Any] = field(default_factory=dict)
    preset: str = ""
    """The id of the preset that is chosen now."""
    name: str = ""
    """What stands in the field for the name of a new one."""


class PresetForm(forms.Form):
    preset_name = forms.CharField(
        max_length=80, error_messages={"required": gettext_lazy("Give the preset a name first.")}
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields |= {name: option_field(name) for name in OPTION_NAMES if name not in OF_ONE}

    @property
    def options(self) -> dict[str, Any]:
        known = ((name, self.cleaned_data.get(name)) for name in OPTION_NAMES)
        return {name: value for name, value in known if value not in (None, "")}


def settle(request: PersonRequest) -> Settled:
    """Do what the button says; whatever is wrong with it stands in `refused`."""
    if request.POST["do"] in (KEEP, ENTER):
        return _keep(request)
    preset = _chosen(request)
    if preset is None:
        return Settled(refused=[_("Choose a preset first.")])
    if request.POST["do"] == DROP:
        preset.delete()
        return Settled(said=_("The preset “%(name)s” is deleted.") % {"name": preset.name})
    said = _("The settings are those of “%(name)s” now.") % {"name": preset.name}
    return Settled(said=said, options=preset.options, preset=str(preset.pk))


def untouched(request: PersonRequest) -> Settled:
    """What was chosen and written, as it stands."""
    return Settled(preset=request.POST.get("preset", ""), name=request.POST.get("preset_name", ""))


def _keep(request: PersonRequest) -> Settled:
    form = PresetForm(request.POST)
    if not form.is_valid():
        refused = [str(sentence) for errors in form.errors.values() for sentence in errors]
        return Settled(refused=refused, name=request.POST.get("preset_name", ""))
    try:
        preset = Preset.objects.keep(request.user, form.cleaned_data["preset_name"], form.options)
    except RVCError as error:
        return Settled(refused=[error.message], name=form.cleaned_data["preset_name"])
    return Settled(said=_("Kept as the preset “%(name)s”.") % {"name": preset.name}, preset=str(preset.pk))


def _chosen(request: PersonRequest) -> Preset | None:
    try:
        key = UUID(request.POST.get("preset", ""))
    except ValueError:
        return None
    return Preset.objects.visible_to(request.user).filter(pk=key).first()
