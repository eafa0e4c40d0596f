"""Lists of rows in the administration: quick with very many, taken away as CSV, and no stumbling over forged keys."""

from collections.abc import Callable
from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import ValidationError
from django.db import DataError
from django.db.models import Model, QuerySet
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import redirect
from django.urls import NoReverseMatch, reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from voiceproject.desk.export import csv_answer
from voiceproject.desk.log import Act, note, note_export

PLAYER = '<audio controls preload="none" src="{}" aria-label="{}"></audio>'
FORGED = (ValidationError, OverflowError, DataError)


class KnownRows:
    """For a ModelAdmin: rows that cannot exist are not found, in pages, in actions and in filters of the address."""

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        try:
            answer: HttpResponse = super().changelist_view(request, extra_context)  # type: ignore[misc]
        except (*FORGED, ValueError):
            if not (request.GET or request.POST):
                raise  # nothing was sent, so this is not about it
            messages.error(request, _("There are no such rows: choose them in the list."))
            return redirect(request.path)
        return answer

    def changeform_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        try:
            answer: HttpResponse = super().changeform_view(request, *args, **kwargs)  # type: ignore[misc]
        except FORGED:
            if not request.POST:
                raise
            messages.error(request, _("There are no such rows: choose them in the form."))
            return redirect(request.path)
        return answer

    def get_object(self, request: HttpRequest, object_id: str, from_field: str | None = None) -> Any:
        try:
            return super().get_object(request, object_id, from_field)  # type: ignore[misc]
        except FORGED:
            return None


class CodeFilter(admin.SimpleListFilter):
    """By the code of a failure. Django's own filter has a link without words for rows that did not fail."""

    title = _("code of the error")
    parameter_name = "error_code"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        codes = model_admin.model._default_manager.exclude(error_code="").order_by("error_code")
        return [(code, code) for code in codes.values_list("error_code", flat=True).distinct()]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        return queryset.filter(error_code=self.value()) if self.value() else queryset


class SaidFilter(admin.AllValuesFieldListFilter):
    """By the values that a column has. Django's own has a link without words for rows where it is empty."""

    def choices(self, changelist: Any) -> Any:
        return (choice for choice in super().choices(changelist) if str(choice["display"]).strip())


class Desk(KnownRows, admin.ModelAdmin):  # type: ignore[type-arg]
    """A list that is one page of rows, one count, and what the filters ask; and its rows as CSV.

    No date_hierarchy: SQLite would call a function of Python for every row there is.
    """

    show_full_result_count = False
    view_on_site = False  # the pages show people what is their own
    list_per_page = 50
    csv_columns: tuple[str, ...] = ()
    """Columns of the file, as names of fields; `owner__username` follows a relation."""
    actions: Any = ("export_csv",)

    @admin.action(description=_("Download selected rows as CSV"), permissions=["view"])
    def export_csv(self, request: HttpRequest, queryset: QuerySet[Any]) -> StreamingHttpResponse:
        """Streamed: "all rows" may be very many."""
        count = queryset.count()
        words = ngettext("%(count)d row", "%(count)d rows", count) % {"count": count}
        note_export(request, self.model, words)
        return csv_answer(queryset, self.csv_columns, f"{self.opts.model_name}s.csv")


def acted(
    request: HttpRequest, act: Act, queryset: QuerySet[Any], verb: Callable[[Any], Any], told: Callable[[int], str]
) -> None:
    """Do this to each row; say how many it was done to and how many it was not, and write down the former."""
    rows = list(queryset)
    done = [row for row in rows if verb(row)]
    note(request, act, done)
    left = len(rows) - len(done)
    words = ngettext("%(count)d was left as it is.", "%(count)d were left as they are.", left) % {"count": left}
    sentence = f"{told(len(done))} {words}" if left else told(len(done))
    messages.add_message(request, messages.SUCCESS if done else messages.WARNING, sentence)


def link(row: Model | None, words: object = None) -> SafeString | str:
    """To this row's page in the administration, where it has one."""
    if row is None:
        return "–"
    try:
        address = reverse(f"admin:{row._meta.app_label}_{row._meta.model_name}_change", args=[row.pk])
    except NoReverseMatch:
        return str(words or row)
    return format_html('<a href="{}">{}</a>', address, words or row)


def link_to_owner(row: Any) -> SafeString | str:
    return link(row.owner)


def player(address: str, words: str) -> SafeString:
    """words: what is heard, for who cannot see beside what the player stands."""
    return format_html(PLAYER, address, words)
