from typing import Any

from django import forms
from django.conf import settings
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from models_app.models import VoiceImport
from rvc.errors import RVCError


class ImportForm(forms.Form):
    """Ask for a voice from an address. The address is judged as it is written; nothing is asked of it yet."""

    url = forms.CharField(
        label=_("Address"),
        help_text=_("Of a .pth, .safetensors, .onnx or .zip file, or of a repository page of the model hub."),
        widget=forms.URLInput(attrs={"placeholder": "https://", "autocomplete": "off"}),
    )
    index_url = forms.CharField(
        label=_("Address of the index"),
        required=False,
        help_text=_("Where its .index file is. The page of a repository, or a zip, may have it already."),
        widget=forms.URLInput(attrs={"autocomplete": "off"}),
    )
    name = forms.CharField(max_length=120, required=False, help_text=_("Left empty, the name of the file is used."))
    consent_statement = forms.CharField(
        label=_("I may use this voice because"),
        max_length=2000,
        required=False,
        widget=forms.Textarea(attrs={"rows": 2}),
    )
    sha256 = forms.CharField(
        label=_("SHA-256"),
        max_length=80,
        required=False,
        help_text=_("If you know it: another file is refused."),
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
    )
    index_sha256 = forms.CharField(max_length=80, required=False, widget=forms.HiddenInput)

    def __init__(self, *args: Any, owner: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.owner = owner
        self.job: VoiceImport | None = None
        self.fields["consent_statement"].required = settings.REQUIRE_CONSENT

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        if not self.errors:
            try:
                self.job = VoiceImport.objects.submit(self.owner, **cleaned)
            except RVCError as error:
                self.add_error(error.field, ValidationError(error.message, code=error.code))
        return cleaned
