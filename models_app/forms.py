from typing import Any, ClassVar

from django import forms
from django.conf import settings
from django.core.exceptions import ValidationError
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from models_app import covers, ingest
from models_app.models import Visibility, VoiceModel, tags_from_text
from models_app.options import option_field
from models_app.speakers import names_as_text, names_from_text
from rvc.errors import OptionError, RVCError
from rvc.options import ConversionOptions
from voiceproject.files import clean_label

LONG = {"description": 3, "origin": 2, "quality": 2, "consent_statement": 2}
"""The texts of several lines, and how many are shown."""

RECOMMENDED = tuple(name for name in ConversionOptions.__dataclass_fields__ if name != "seed")
OPTION_PREFIX = "option_"
NEEDS_USUAL = _("Say above at which pitch this voice usually speaks.")
CONSENT_HELP = _("For example: it is my own; she agreed in writing; it is free for everyone, see the licence.")


class SaidForm(forms.ModelForm):  # type: ignore[type-arg]
    """What adding and editing have in common: the words that people say about a voice."""

    tags = forms.CharField(
        label=_("Tags"),
        max_length=1000,
        required=False,
        help_text=_("Words to find it by, with commas between: alto, warm, singing."),
    )

    by: Any = None
    """Who changes it, for its record."""

    class Meta:
        model = VoiceModel
        fields: ClassVar[tuple[str, ...]] = ()
        widgets: ClassVar = {name: forms.Textarea(attrs={"rows": rows}) for name, rows in LONG.items()}
        help_texts: ClassVar = {"consent_statement": CONSENT_HELP}
        labels: ClassVar[dict[str, Any]] = {
            "name": _("Name"),
            "description": _("Description"),
            "language": _("Language"),
            "licence": _("Licence"),
            "quality": _("Quality"),
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if consent := self.fields.get("consent_statement"):  # staff who may only look have no fields
            consent.required = settings.REQUIRE_CONSENT
            consent.error_messages["required"] = gettext("Say by what right you use this voice.")
        for name, field in self.fields.items():
            if isinstance(field, forms.ChoiceField):
                field.error_messages["invalid_choice"] = gettext("{field} must be one of the choices shown.").format(
                    field=field.label or name
                )

    def clean_tags(self) -> list[str]:
        return tags_from_text(self.cleaned_data["tags"])

    def clean_consent_statement(self) -> str:
        return str(self.cleaned_data["consent_statement"]).strip()


class VoiceForm(SaidForm):
    """Bring a voice: valid only when the files were read and found good, so every error stands at its field.

    `form.save()` stores the voice for the `owner` the form was made with; None makes it the server's.
    """

    name = forms.CharField(
        label=_("Name"), max_length=120, required=False, help_text=_("Left empty, the name of the file is used.")
    )
    # An empty file is refused with our own sentence.
    checkpoint = forms.FileField(
        allow_empty_file=True,
        label=_("Voice file"),
        help_text=_("A .pth, .safetensors or .onnx file of an RVC voice, or a .zip that holds one."),
        error_messages={"required": _("Choose the file of the voice.")},
    )
    index = forms.FileField(
        allow_empty_file=True,
        label=_("Index file"),
        required=False,
        help_text=_("The .index file that came with the voice. A zip may hold it already."),
    )

    class Meta(SaidForm.Meta):
        fields: ClassVar[tuple[str, ...]] = (
            "checkpoint",
            "index",
            "name",
            "description",
            "tags",
            "consent_statement",
            "visibility",
        )

    def __init__(self, *args: Any, owner: Any = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["visibility"].required = False
        self.instance.owner = owner
        self.by = self.by or owner
        self.checked: ingest.CheckedVoice | None = None

    def clean_visibility(self) -> str:
        return self.cleaned_data["visibility"] or Visibility.PRIVATE

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        if not self.errors:
            cleaned["name"] = cleaned["name"].strip() or name_from_file(cleaned["checkpoint"].name)
            self._check_files(cleaned)
        return cleaned

    def _check_files(self, cleaned: dict[str, Any]) -> None:
        try:
            owner = cleaned.get("owner", self.instance.owner)  # staff choose it in their form
            files = {"checkpoint": cleaned["checkpoint"], "index": cleaned["index"]}
            self.checked = VoiceModel.objects.examine(**files, owner=owner)
        except RVCError as error:
            self.add_error(error.field, ValidationError(error.message, code=error.code))

    def save(self, commit: bool = True) -> VoiceModel:
        """Keep the checked voice, files and row together."""
        voice: VoiceModel = super().save(commit=False)
        if commit and self.checked is not None:
            voice.store(self.checked, self.by, tags=self.cleaned_data["tags"])
        return voice


class VoiceEditForm(SaidForm):
    """Change what is said about a voice; its files stay as they are. `form.save()` leaves an event of `by`."""

    cover = forms.FileField(
        label=_("Picture"),
        allow_empty_file=True,
        required=False,
        help_text=_("A PNG, JPEG, WebP or GIF. Its middle is shown as a square."),
        widget=forms.FileInput(attrs={"accept": "image/png,image/jpeg,image/webp,image/gif"}),
    )
    remove_cover = forms.BooleanField(required=False, label=_("Remove the picture"))
    speaker_names = forms.CharField(
        max_length=300_000,
        required=False,
        label=_("Names of its speakers"),
        help_text=_("One a line, after its number: 0: Anna"),
        widget=forms.Textarea(attrs={"rows": 3, "spellcheck": "false"}),
    )

    class Meta(SaidForm.Meta):
        fields: ClassVar[tuple[str, ...]] = (
            "name", "description", "tags", "language", "licence", "origin", "quality", "consent_statement",
            "usual_f0", "speaker_names",
        )  # fmt: skip

    def __init__(self, *args: Any, by: Any = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.by = by or self.by
        self.picture: bytes | None = None
        self.initial["tags"] = ", ".join(self.instance.tag_words)
        self.initial["speaker_names"] = names_as_text(self.instance.speaker_names)
        for name in RECOMMENDED:
            self.fields[OPTION_PREFIX + name] = option_field(name, gettext("No default of its own"))
            self.initial[OPTION_PREFIX + name] = self.instance.recommended.get(name)
        if not self.instance.cover:
            del self.fields["remove_cover"]

    @property
    def said_fields(self) -> list[forms.BoundField]:
        said = [field for field in self if not field.name.startswith(OPTION_PREFIX)]
        several = self.instance.speakers > 1 or self.instance.speaker_names
        return said if several else [field for field in said if field.name != "speaker_names"]

    @property
    def option_fields(self) -> list[forms.BoundField]:
        return [field for field in self if field.name.startswith(OPTION_PREFIX)]

    @property
    def options_open(self) -> bool:
        """Whether the options are to be seen at once: one of them is set, or wrong."""
        return any(field.errors or field.value() not in (None, "") for field in self.option_fields)

    def clean_speaker_names(self) -> dict[str, str]:
        return names_from_text(self.cleaned_data["speaker_names"], self.instance.speakers)

    def clean_cover(self) -> Any:
        upload = self.cleaned_data["cover"]
        if upload is not None:
            try:
                self.picture = covers.check(upload)
            except RVCError as error:
                raise ValidationError(error.message, code=error.code) from error
        return upload

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        chosen = {name: cleaned.get(OPTION_PREFIX + name) for name in RECOMMENDED}
        cleaned["recommended"] = {name: value for name, value in chosen.items() if value not in (None, "")}
        if cleaned["recommended"].get("pitch_mode") == "auto" and not cleaned.get("usual_f0"):
            self.add_error(f"{OPTION_PREFIX}pitch_mode", ValidationError(NEEDS_USUAL, code="needs_usual_pitch"))
        try:
            self.instance.checked_options(cleaned["recommended"])
        except OptionError as error:
            name = f"{OPTION_PREFIX}{error.field}"
            if name not in self.errors:
                self.add_error(name, ValidationError(error.message, code=error.code))
        return cleaned

    def save(self, commit: bool = True) -> VoiceModel:
        voice: VoiceModel = self.instance
        said = {name: self.cleaned_data[name] for name in (*VoiceEditForm.Meta.fields, "recommended")}
        voice.edit(self.by, **said)
        if self.picture is not None:
            voice.show_cover(self.by, self.picture)
        elif self.cleaned_data.get("remove_cover"):
            voice.show_cover(self.by, None)
        return voice


def name_from_file(filename: str) -> str:
    """A name for a voice whose owner gave none: the file's, without its ending."""
    return clean_label(filename, fallback="Voice").rsplit(".", 1)[0] or "Voice"
