from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from conversions import findings
from conversions.batches import admin as batches_admin  # noqa: F401 - registers itself
from conversions.models import Conversion, Kind
from conversions.sharing import admin as sharing_admin  # noqa: F401 - as above
from conversions.sweeps import admin as sweeps_admin  # noqa: F401 - as above
from conversions.templatetags.options import TIMING_WORDS, stage_words
from jobs.admin import lasted, story
from voiceproject.desk import Act, CodeFilter, Desk, acted, link, link_to_owner, player

ABOVE = (
    "source_player", "result_player", "owner_link", "voice_link", "batch_link", "text_link", "waited", "worked",
    "measured", "busy_with", "stages", "story",
)  # fmt: skip
HIDDEN = {"source", "result", "picture", "token", "fingerprint", "owner", "voice", "batch", "stage"}


@admin.register(Conversion)
class ConversionAdmin(Desk):
    """Staff look and listen; what a conversion says is changed by its verbs only."""

    list_display = (
        "created_at", "owner_link", "voice_link", "source_name", "state", "percent", "error_code", "worked", "heard",
    )  # fmt: skip
    list_display_links = ("created_at",)
    list_filter = ("state", CodeFilter, "kind", "output_format", "f0_method", "queue", "created_at")
    search_fields = ("id", "owner__username", "voice_name", "source_name")
    list_select_related = ("owner", "voice")
    actions = ("cancel", "retry", "export_csv")
    csv_columns = (
        "id", "created_at", "owner__username", "voice_name", "source_name", "kind", "state", "error_code",
        "error_message", "source_seconds", "result_seconds", "started_at", "finished_at", "attempt", "worker",
        "f0_method", "pitch_shift", "index_rate", "output_format", "stored_bytes", "batch_id",
    )  # fmt: skip

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def get_readonly_fields(self, request: HttpRequest, obj: Conversion | None = None) -> list[str]:
        return [*ABOVE, *(field.name for field in Conversion._meta.concrete_fields if field.name not in HIDDEN)]

    def get_fields(self, request: HttpRequest, obj: Conversion | None = None) -> Any:
        return self.get_readonly_fields(request, obj)

    def delete_model(self, request: HttpRequest, obj: Conversion) -> None:
        obj.cancel()  # a worker that is busy with it stops at its next beat
        obj.delete()

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Conversion]) -> None:
        for conversion in queryset:
            self.delete_model(request, conversion)

    @admin.display(description=gettext_lazy("measured"))
    def measured(self, conversion: Conversion) -> SafeString | str:
        return findings.table(conversion)

    @admin.display(description=gettext_lazy("progress"), ordering="progress")
    def percent(self, conversion: Conversion) -> str:
        return f"{conversion.progress:.0%}"

    @admin.display(description=gettext_lazy("owner"), ordering="owner__username")
    def owner_link(self, conversion: Conversion) -> SafeString | str:
        return link_to_owner(conversion)

    @admin.display(description=gettext_lazy("voice"), ordering="voice_name")
    def voice_link(self, conversion: Conversion) -> SafeString | str:
        return link(conversion.voice, conversion.voice_name) if conversion.voice else conversion.voice_name

    @admin.display(description=gettext_lazy("batch"))
    def batch_link(self, conversion: Conversion) -> SafeString | str:
        return link(conversion.batch)

    @admin.display(description=gettext_lazy("text"))
    def text_link(self, conversion: Conversion) -> SafeString | str:
        if conversion.kind != Kind.SPEECH:
            return "–"
        address = reverse("admin:tts_speech_change", args=[conversion.pk])
        return format_html('<a href="{}">{}</a>', address, conversion.source_name)

    @admin.display(description=gettext_lazy("waited"))
    def waited(self, conversion: Conversion) -> str:
        return lasted(conversion.created_at, conversion.started_at)

    @admin.display(description=gettext_lazy("worked"))
    def worked(self, conversion: Conversion) -> str:
        return lasted(conversion.started_at, conversion.finished_at)

    @admin.display(description=gettext_lazy("stage"))
    def busy_with(self, conversion: Conversion) -> str:
        return stage_words(conversion) or "–"

    @admin.display(description=gettext_lazy("seconds of each stage"))
    def stages(self, conversion: Conversion) -> SafeString | str:
        timings = sorted(conversion.facts.get("timings", {}).items(), key=lambda timing: -timing[1])
        rows = format_html_join(
            "",
            "<tr><td>{}</td><td>{}</td></tr>",
            ((TIMING_WORDS.get(name, name), f"{took:.2f}") for name, took in timings),
        )
        return format_html("<table>{}</table>", rows) if timings else "–"

    @admin.display(description=gettext_lazy("recording"))
    def source_player(self, conversion: Conversion) -> SafeString | str:
        address = reverse("conversions:source", args=[conversion.pk])
        return player(address, _("Recording %(name)s") % {"name": conversion.source_name}) if conversion.source else "–"

    @admin.display(description=gettext_lazy("result"))
    def result_player(self, conversion: Conversion) -> SafeString | str:
        address = reverse("conversions:result", args=[conversion.pk])
        return player(address, _("Result of %(name)s") % {"name": conversion.source_name}) if conversion.result else "–"

    @admin.display(description=gettext_lazy("what happened"))
    def story(self, conversion: Conversion) -> SafeString:
        return story(conversion)

    @admin.display(description=gettext_lazy("recording and result"))
    def heard(self, conversion: Conversion) -> SafeString:
        return format_html("{} {}", self.source_player(conversion), self.result_player(conversion))

    @admin.action(description=gettext_lazy("Cancel selected conversions"), permissions=["change"])
    def cancel(self, request: HttpRequest, queryset: QuerySet[Conversion]) -> None:
        acted(request, Act.CANCELLED, queryset, Conversion.cancel, cancelled)

    @admin.action(description=gettext_lazy("Try selected conversions again"), permissions=["change"])
    def retry(self, request: HttpRequest, queryset: QuerySet[Conversion]) -> None:
        acted(request, Act.RETRIED, queryset, Conversion.retry, queued_again)


def cancelled(count: int) -> str:
    return ngettext("%(count)d conversion was cancelled.", "%(count)d conversions were cancelled.", count) % {
        "count": count
    }


def queued_again(count: int) -> str:
    return ngettext("%(count)d conversion was queued again.", "%(count)d conversions were queued again.", count) % {
        "count": count
    }
