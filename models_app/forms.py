from typing import Any, ClassVar

from django import forms
from django.core.exceptions import ValidationError

from models_app import ingest
from models_app.models import Visibility, VoiceModel
from rvc.errors import RVCError
from voiceproject.files import clean_label


class VoiceForm(forms.ModelForm):  # type: ignore[type-arg]
    """Bring a voice: valid only when the files were read and found good, so every error stands at its field.

    `form.save()` stores the voice for the `owner` the form was made with; None makes it the server's.
    """

    name = forms.CharField(max_length=120, required=False, help_text="Left empty, the name of the file is used.")
    # An empty file is refused with our own sentence.
    checkpoint = forms.FileField(
        allow_empty_file=True,
        label="Voice file",
        help_text="A .pth or .safetensors file of an RVC voice, or a .zip that holds one.",
    )
    index = forms.FileField(
        allow_empty_file=True,
        label="Index file",
        required=False,
        help_text="The .index file that came with the voice. A zip may hold it already.",
    )

    class Meta:
        model = VoiceModel
        fields: ClassVar = ("name", "description", "checkpoint", "index", "visibility")
        widgets: ClassVar = {"description": forms.Textarea(attrs={"rows": 3})}

    def __init__(self, *args: Any, owner: Any = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["visibility"].required = False
        self.instance.owner = owner
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
            voice.store(self.checked)
        return voice


class VoiceEditForm(forms.ModelForm):  # type: ignore[type-arg]
    """Change what is said about a voice, and who may use it; its files stay as they are."""

    class Meta:
        model = VoiceModel
        fields = ("name", "description", "visibility")
        widgets: ClassVar = {"description": forms.Textarea(attrs={"rows": 3})}


def name_from_file(filename: str) -> str:
    """A name for a voice whose owner gave none: the file's, without its ending."""
    return clean_label(filename, fallback="Voice").rsplit(".", 1)[0] or "Voice"
