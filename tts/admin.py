from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy

from conversions.admin import ConversionAdmin, cancelled, queued_again
from conversions.models import Conversion
from tts.models import Speech
from voiceproject.desk import Act, Desk, SaidFilter, acted, link


@admin.register(Speech)
class SpeechAdmin(Desk):
    """Staff read and listen, cancel and try again, all of it by way of the conversion, as which it is deleted, too."""

    list_display = ("created_at", "owner", "voice", "beginning", "engine", "state", "worked", "heard")
    list_display_links = ("created_at",)
    list_filter = ("conversion__state", ("engine", SaidFilter), ("language", SaidFilter), "conversion__created_at")
    search_fields = ("text", "conversion__id", "conversion__owner__username", "conversion__voice_name")
    list_select_related = ("conversion__owner", "conversion__voice")
    actions = ("cancel", "retry", "export_csv")
    csv_columns = (
        "conversion_id", "conversion__created_at", "conversion__owner__username", "conversion__voice_name", "engine",
        "language", "text", "conversion__state", "conversion__error_code", "conversion__result_seconds",
    )  # fmt: skip
    ordering = ("-conversion__created_at",)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Speech | None = None) -> bool:
        """Not by itself: it goes with its conversion, whose page asks here, too, as those of batches and people do."""
        own_pages = reverse("admin:tts_speech_changelist")
        return not request.path.startswith(own_pages) and self._shown.has_delete_permission(request)

    def get_readonly_fields(self, request: HttpRequest, obj: Speech | None = None) -> list[str]:
        columns = [field.name for field in Speech._meta.concrete_fields if field.name != "conversion"]
        return ["conversion_link", "owner", "voice", "worked", "heard", *columns]

    def get_fields(self, request: HttpRequest, obj: Speech | None = None) -> Any:
        return self.get_readonly_fields(request, obj)

    @admin.display(description=gettext_lazy("created"), ordering="conversion__created_at")
    def created_at(self, speech: Speech) -> Any:
        return speech.conversion.created_at

    @admin.display(ordering="conversion__owner__username", description=gettext_lazy("owner"))
    def owner(self, speech: Speech) -> SafeString | str:
        return link(speech.conversion.owner)

    @admin.display(ordering="conversion__voice_name", description=gettext_lazy("voice"))
    def voice(self, speech: Speech) -> SafeString | str:
        return self._shown.voice_link(speech.conversion)

    @admin.display(description=gettext_lazy("worked"))
    def worked(self, speech: Speech) -> str:
        return self._shown.worked(speech.conversion)

    @admin.display(description=gettext_lazy("text"))
    def beginning(self, speech: Speech) -> str:
        return speech.conversion.source_name

    @admin.display(description=gettext_lazy("state"), ordering="conversion__state")
    def state(self, speech: Speech) -> str:
        return speech.conversion.get_state_display()

    @admin.display(description=gettext_lazy("conversion"))
    def conversion_link(self, speech: Speech) -> SafeString:
        address = reverse("admin:conversions_conversion_change", args=[speech.pk])
        return format_html('<a href="{}">{}</a>', address, speech.conversion)

    @admin.display(description=gettext_lazy("engine and result"))
    def heard(self, speech: Speech) -> SafeString | str:
        return self._shown.heard(speech.conversion)

    def has_conversion_permission(self, request: HttpRequest) -> bool:
        return self._shown.has_change_permission(request)

    @admin.action(description=gettext_lazy("Cancel selected speeches"), permissions=["conversion"])
    def cancel(self, request: HttpRequest, queryset: QuerySet[Speech]) -> None:
        acted(request, Act.CANCELLED, _conversions(queryset), Conversion.cancel, cancelled)

    @admin.action(description=gettext_lazy("Try selected speeches again"), permissions=["conversion"])
    def retry(self, request: HttpRequest, queryset: QuerySet[Speech]) -> None:
        acted(request, Act.RETRIED, _conversions(queryset), Conversion.retry, queued_again)

    @property
    def _shown(self) -> ConversionAdmin:
        return ConversionAdmin(Conversion, self.admin_site)


def _conversions(speeches: QuerySet[Speech]) -> QuerySet[Conversion]:
    return Conversion.objects.filter(pk__in=speeches.values("conversion"))
