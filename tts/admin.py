from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from conversions.admin import PLAYER
from tts.models import Speech


@admin.register(Speech)
class SpeechAdmin(admin.ModelAdmin):  # type: ignore[type-arg]
    """Staff read and listen; a speech is cancelled, tried again and deleted as its conversion."""

    list_display = ("created_at", "owner", "voice", "beginning", "engine", "state", "heard")
    list_filter = ("conversion__state", "engine", "language", "conversion__created_at")
    search_fields = ("text", "conversion__id", "conversion__owner__username", "conversion__voice_name")
    list_select_related = ("conversion__owner",)
    ordering = ("-conversion__created_at",)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Speech | None = None) -> bool:
        return False  # the conversion would be left without its text

    def get_readonly_fields(self, request: HttpRequest, obj: Speech | None = None) -> list[str]:
        columns = [field.name for field in Speech._meta.concrete_fields if field.name != "conversion"]
        return ["conversion_link", "heard", *columns]

    def get_fields(self, request: HttpRequest, obj: Speech | None = None) -> Any:
        return self.get_readonly_fields(request, obj)

    @admin.display(description="created", ordering="conversion__created_at")
    def created_at(self, speech: Speech) -> Any:
        return speech.conversion.created_at

    @admin.display(ordering="conversion__owner__username")
    def owner(self, speech: Speech) -> str:
        return speech.conversion.owner.get_username()

    @admin.display(ordering="conversion__voice_name")
    def voice(self, speech: Speech) -> str:
        return speech.conversion.voice_name

    @admin.display(description="text")
    def beginning(self, speech: Speech) -> str:
        return speech.conversion.source_name

    @admin.display(ordering="conversion__state")
    def state(self, speech: Speech) -> str:
        return speech.conversion.get_state_display()

    @admin.display(description="conversion")
    def conversion_link(self, speech: Speech) -> SafeString:
        address = reverse("admin:conversions_conversion_change", args=[speech.pk])
        return format_html('<a href="{}">{}</a>', address, speech.conversion)

    @admin.display(description="engine and result")
    def heard(self, speech: Speech) -> SafeString | str:
        conversion = speech.conversion
        if not conversion.source:
            return "–"
        source, result = (reverse(f"conversions:{kind}", args=[speech.pk]) for kind in ("source", "result"))
        return format_html(f"{PLAYER} {PLAYER}", source, result)
