from typing import Any

from django import forms
from django.contrib import admin
from django.http import HttpRequest
from django.template.defaultfilters import filesizeformat
from django.urls import reverse
from django.utils.html import format_html_join

from models_app import assets_admin  # noqa: F401 - registers itself
from models_app.exports import kinds
from models_app.forms import VoiceForm
from models_app.imports import admin as imports_admin  # noqa: F401 - registers itself
from models_app.models import VoiceModel

FACTS = (
    "id", "version", "f0", "sample_rate", "speakers", "encoder", "needs", "size", "facts", "index_facts", "report",
    "checkpoint_sha256", "index_sha256", "created_at", "export",
)  # fmt: skip


class AddVoiceForm(VoiceForm):
    """The form of the pages, with the columns that staff may set besides."""

    class Meta(VoiceForm.Meta):
        fields = ("owner", *VoiceForm.Meta.fields, "licence", "origin", "quality", "recommended")  # type: ignore[assignment]


@admin.register(VoiceModel)
class VoiceAdmin(admin.ModelAdmin):  # type: ignore[type-arg]
    list_display = ("name", "owner", "visibility", "version", "f0", "sample_rate", "encoder", "has_index", "size")
    list_filter = ("visibility", "version", "f0", "encoder", "sample_rate")
    search_fields = ("name", "description", "owner__username", "id")
    list_select_related = ("owner",)
    autocomplete_fields = ("owner",)
    date_hierarchy = "created_at"

    def get_fields(self, request: HttpRequest, obj: VoiceModel | None = None) -> Any:
        if obj is None:
            return AddVoiceForm.Meta.fields
        return ("owner", "name", "description", "visibility", "licence", "origin", "quality", "recommended", *FACTS)

    def get_readonly_fields(self, request: HttpRequest, obj: VoiceModel | None = None) -> Any:
        return FACTS if obj else ()

    def get_form(
        self, request: HttpRequest, obj: VoiceModel | None = None, change: bool = False, **kwargs: Any
    ) -> "type[forms.ModelForm[VoiceModel]]":
        if obj is None:
            kwargs["form"] = AddVoiceForm
        return super().get_form(request, obj, change, **kwargs)

    def save_model(self, request: HttpRequest, obj: VoiceModel, form: Any, change: bool) -> None:
        if change:
            super().save_model(request, obj, form, change)
        else:
            obj.store(form.checked)

    @admin.display(description="size", ordering="size_bytes")
    def size(self, voice: VoiceModel) -> str:
        return filesizeformat(voice.size_bytes)

    @admin.display(description="take away")
    def export(self, voice: VoiceModel) -> str:
        links = ((reverse(f"voices:export-{kind}", args=[voice.pk]), kind) for kind in kinds(voice))
        return format_html_join(", ", '<a href="{}">.{}</a>', links)

    @admin.display(description="needs")
    def needs(self, voice: VoiceModel) -> str:
        return voice.missing_asset_message or "nothing more"

    @admin.display(description="index", boolean=True)
    def has_index(self, voice: VoiceModel) -> bool:
        return voice.has_index
