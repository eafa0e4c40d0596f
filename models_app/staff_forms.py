"""The forms of the administration: those of the pages, with what staff may say besides."""

from typing import Any, ClassVar

from django import forms
from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext_lazy as _

from models_app import ingest
from models_app.forged import with_numbers
from models_app.forms import OPTION_PREFIX, RECOMMENDED, VoiceEditForm, VoiceForm
from models_app.indexes import check_index, use_index
from models_app.models import VoiceModel
from rvc.errors import OptionError, RVCError
from rvc.options import ConversionOptions


class AddVoiceForm(VoiceForm):
    """The form of the pages, with the columns that staff may set besides."""

    class Meta(VoiceForm.Meta):
        fields: ClassVar[tuple[str, ...]] = (
            "owner", *VoiceForm.Meta.fields, "language", "licence", "origin", "quality", "recommended",
        )  # fmt: skip

    def __init__(self, data: Any = None, *args: Any, **kwargs: Any) -> None:
        super().__init__(with_numbers(data, "owner"), *args, **kwargs)

    def clean_recommended(self) -> dict[str, Any]:
        values: dict[str, Any] = self.cleaned_data["recommended"] or {}
        try:
            ConversionOptions.from_mapping(values)
        except (OptionError, TypeError) as error:
            raise ValidationError(str(error)) from error
        return values


class StaffVoiceForm(VoiceEditForm):
    """Change what is said about a voice, whose it is and who may use it; bring another index."""

    index = forms.FileField(
        allow_empty_file=True, required=False, label=_("Another index"), help_text=_("Checked before the old one goes.")
    )

    class Meta(VoiceEditForm.Meta):
        fields: ClassVar[tuple[str, ...]] = ("owner", *VoiceEditForm.Meta.fields, "visibility", "people", "groups")
        labels: ClassVar[dict[str, Any]] = {
            **VoiceEditForm.Meta.labels,
            "people": _("Shared with people"),
            "groups": _("Shared with groups"),
        }

    def __init__(self, data: Any = None, *args: Any, **kwargs: Any) -> None:
        super().__init__(with_numbers(data, "owner", "people", "groups"), *args, **kwargs)
        self.checked_index: ingest.CheckedIndex | None = None
        self.fields.setdefault("remove_cover", forms.BooleanField(required=False))

    @classmethod
    def shown(cls) -> tuple[str, ...]:
        """Every field, those of the options too, which are made with the form."""
        options = (f"{OPTION_PREFIX}{name}" for name in RECOMMENDED)
        return (*cls.Meta.fields, "cover", "remove_cover", "index", *options)

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean()
        if self.errors:
            return cleaned
        voice = VoiceModel.objects.get(pk=self.instance.pk)
        try:
            if cleaned["owner"] != voice.owner:
                VoiceModel.objects.refuse_known(cleaned["owner"], voice.checkpoint_sha256, voice.index_sha256)
            if cleaned["index"] is not None:
                self.checked_index = check_index(voice, cleaned["index"])
        except RVCError as error:
            self.add_error("index" if error.field == "index" else "owner", ValidationError(error.message))
        return cleaned

    @transaction.atomic
    def save(self, commit: bool = True) -> VoiceModel:
        voice, said = super().save(), self.cleaned_data
        stored = VoiceModel.objects.get(pk=voice.pk)  # without what the form has set already
        stored.give_to(self.by, said["owner"])
        stored.share(self.by, said["visibility"], people=said["people"], groups=said["groups"])
        if self.checked_index is not None:
            use_index(stored, self.checked_index, self.by)
        return voice
