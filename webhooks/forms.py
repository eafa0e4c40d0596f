from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from rvc.errors import RVCError
from webhooks.models import Webhook


class WebhookForm(forms.Form):
    url = forms.CharField(
        label=_("Address"),
        help_text=_("It begins with https:// and can be reached from the internet."),
        widget=forms.URLInput(attrs={"placeholder": "https://", "autocomplete": "off"}),
    )

    def __init__(self, *args: Any, owner: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.owner = owner
        self.webhook: Webhook | None = None

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        if not self.errors:
            try:
                self.webhook = Webhook.objects.register(self.owner, cleaned["url"])
            except RVCError as error:
                self.add_error(error.field, ValidationError(error.message, code=error.code))
        return cleaned
