"""Voices and what happened to them, for staff: every change goes through the verbs that the pages use."""

from collections.abc import Callable
from typing import Any, ClassVar

from django.contrib import admin, messages
from django.contrib.auth.models import User
from django.db.models import Count, F, QuerySet, Sum
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.defaultfilters import filesizeformat
from django.urls import reverse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from models_app import assets_admin  # noqa: F401 - registers itself
from models_app.exports import kinds
from models_app.imports import admin as imports_admin  # noqa: F401 - registers itself
from models_app.indexes import remove_index
from models_app.models import Visibility, VoiceCheck, VoiceEvent, VoiceModel, encoder_installed
from models_app.staff_forms import AddVoiceForm, StaffVoiceForm
from rvc.errors import VoiceFileError
from voiceproject.desk import Act, Desk, SaidFilter, link_to_owner, note, player

FACTS = (
    "id", "slug", "heard", "state", "state_message", "version", "f0", "sample_rate", "speakers", "encoder", "needs",
    "size", "use_count", "facts", "index_facts", "report", "checkpoint_sha256", "index_sha256", "source_url",
    "consent_by", "consent_at", "created_at", "export", "its_conversions",
    "happened",
)  # fmt: skip
MOST_OWNERS = 10


class MissingFilter(admin.SimpleListFilter):
    """Voices whose content encoder is not installed, or is."""

    title = gettext_lazy("content encoder is here")
    parameter_name = "installed"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("yes", _("Yes")), ("no", _("No, it is missing"))]

    def queryset(self, request: HttpRequest, queryset: QuerySet[VoiceModel]) -> QuerySet[VoiceModel]:
        names = VoiceModel.objects.order_by().values_list("encoder", flat=True).distinct()
        here = [name for name in names if encoder_installed(name)]
        match self.value():
            case "yes":
                return queryset.filter(encoder__in=here)
            case "no":
                return queryset.exclude(encoder__in=here)
        return queryset


@admin.register(VoiceModel)
class VoiceAdmin(Desk):
    list_display = (
        "name", "owner_link", "heard", "visibility", "state", "encoder", "installed", "has_index", "use_count", "size",
    )  # fmt: skip
    list_filter = (
        "visibility", "state", MissingFilter, "created_at", "version", "f0", "encoder", "sample_rate",
        ("language", SaidFilter),
    )  # fmt: skip
    search_fields = ("name", "slug", "description", "tags__name", "owner__username", "id", "checkpoint_sha256")
    list_select_related = ("owner",)
    autocomplete_fields = ("owner", "people")
    filter_horizontal = ("groups",)
    view_on_site = False  # a page shows its owner's voices, and those shared with who looks
    actions = ("check_again", "for_everyone", "for_owner", "remove_the_index", "export_csv")
    csv_columns = (
        "id", "created_at", "name", "owner__username", "visibility", "state", "state_message", "version", "encoder",
        "sample_rate", "language", "licence", "origin", "size_bytes", "use_count", "checkpoint_sha256", "source_url",
    )  # fmt: skip

    def get_fields(self, request: HttpRequest, obj: VoiceModel | None = None) -> Any:
        if obj is None:
            return AddVoiceForm.Meta.fields
        said = StaffVoiceForm.shown() if self.has_change_permission(request, obj) else StaffVoiceForm.Meta.fields
        return (*said, *FACTS)

    def get_readonly_fields(self, request: HttpRequest, obj: VoiceModel | None = None) -> Any:
        return FACTS if obj else ()

    def get_form(self, request: HttpRequest, obj: VoiceModel | None = None, change: bool = False, **kwargs: Any) -> Any:
        form = StaffVoiceForm if obj else AddVoiceForm
        made = super().get_form(request, obj, change, form=form, fields=form.Meta.fields)
        return type(made.__name__, (made,), {"by": request.user})

    def add_view(self, request: HttpRequest, form_url: str = "", extra_context: Any = None) -> HttpResponse:
        try:
            return super().add_view(request, form_url, extra_context)
        except VoiceFileError as error:  # the same bytes came a second time while these were checked
            messages.error(request, error.message)
            return redirect("admin:models_app_voicemodel_changelist")

    def save_form(self, request: HttpRequest, form: Any, change: bool) -> VoiceModel:
        voice: VoiceModel = form.instance
        return voice

    def save_model(self, request: HttpRequest, obj: VoiceModel, form: Any, change: bool) -> None:
        form.save()

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        """The form has done it."""

    def delete_model(self, request: HttpRequest, obj: VoiceModel) -> None:
        obj.remove(person(request))

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[VoiceModel]) -> None:
        for voice in queryset:
            voice.remove(person(request))

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """The list, and above it how much room all voices take and whose they are."""
        used = {"count": Count("pk"), "size": Sum("size_bytes", default=0)}
        owners = VoiceModel.objects.order_by().values("owner__username").annotate(**used).order_by(F("size").desc())
        totals = {"all": VoiceModel.objects.aggregate(**used), "owners": owners[:MOST_OWNERS]}
        return super().changelist_view(request, {**(extra_context or {}), "totals": totals})

    @admin.display(description=gettext_lazy("size"), ordering="size_bytes")
    def size(self, voice: VoiceModel) -> str:
        return filesizeformat(voice.size_bytes)

    @admin.display(description=gettext_lazy("preview"))
    def heard(self, voice: VoiceModel) -> SafeString | str:
        if not voice.preview:
            return "–"
        return player(reverse("voices:preview", args=[voice.pk]), _("Preview of %(name)s") % {"name": voice.name})

    @admin.display(description=gettext_lazy("owner"), ordering="owner__username")
    def owner_link(self, voice: VoiceModel) -> SafeString | str:
        return link_to_owner(voice)

    @admin.display(description=gettext_lazy("conversions"))
    def its_conversions(self, voice: VoiceModel) -> SafeString:
        address = reverse("admin:conversions_conversion_changelist")
        return format_html('<a href="{}?voice__id__exact={}">{}</a>', address, voice.pk, _("Show them"))

    @admin.display(description=gettext_lazy("take away"))
    def export(self, voice: VoiceModel) -> str:
        links = ((reverse(f"voices:export-{kind}", args=[voice.pk]), kind) for kind in kinds(voice))
        return format_html_join(", ", '<a href="{}">.{}</a>', links)

    @admin.display(description=gettext_lazy("what happened"))
    def happened(self, voice: VoiceModel) -> SafeString:
        address, count = reverse("admin:models_app_voiceevent_changelist"), voice.events.count()
        words = ngettext("%(count)d event", "%(count)d events", count) % {"count": count}
        return format_html('<a href="{}?voice_key={}">{}</a>', address, voice.pk, words)

    @admin.display(description=gettext_lazy("needs"))
    def needs(self, voice: VoiceModel) -> str:
        return voice.missing_asset_message or _("nothing more")

    @admin.display(description=gettext_lazy("encoder here"), boolean=True)
    def installed(self, voice: VoiceModel) -> bool:
        return encoder_installed(voice.encoder)

    @admin.display(description=gettext_lazy("index"), boolean=True, ordering="index_file")
    def has_index(self, voice: VoiceModel) -> bool:
        return voice.has_index

    @admin.action(description=gettext_lazy("Check selected voices again"), permissions=["change"])
    def check_again(self, request: HttpRequest, queryset: QuerySet[VoiceModel]) -> None:
        for voice in queryset:
            VoiceCheck.objects.ask(voice, by=person(request))
        note(request, Act.RETRIED, queryset, "the check")
        self._tell(request, len(queryset), checked)

    @admin.action(description=gettext_lazy("Share selected voices with everyone"), permissions=["change"])
    def for_everyone(self, request: HttpRequest, queryset: QuerySet[VoiceModel]) -> None:
        self._share(request, queryset, Visibility.EVERYONE)

    @admin.action(description=gettext_lazy("Keep selected voices to their owners"), permissions=["change"])
    def for_owner(self, request: HttpRequest, queryset: QuerySet[VoiceModel]) -> None:
        self._share(request, queryset, Visibility.PRIVATE)

    def _share(self, request: HttpRequest, voices: QuerySet[VoiceModel], visibility: Visibility) -> None:
        for voice in voices:
            voice.share(person(request), visibility)
        note(request, Act.DID, voices, f"shared it, {visibility.value}")
        told = shared if visibility == Visibility.EVERYONE else kept
        self._tell(request, len(voices), told)

    @admin.action(description=gettext_lazy("Remove the index of selected voices"), permissions=["change"])
    def remove_the_index(self, request: HttpRequest, queryset: QuerySet[VoiceModel]) -> None:
        lost = [voice for voice in queryset if remove_index(voice, person(request))]
        note(request, Act.DID, lost, "removed its index")
        self._tell(request, len(lost), without_index)

    def _tell(self, request: HttpRequest, count: int, told: Callable[[int], str]) -> None:
        self.message_user(request, told(count), messages.SUCCESS if count else messages.WARNING)


def checked(count: int) -> str:
    words = ngettext(
        "%(count)d voice is checked as soon as a worker is free.",
        "%(count)d voices are checked as soon as a worker is free.",
        count,
    )
    return words % {"count": count}


def shared(count: int) -> str:
    words = ngettext("%(count)d voice is now for everyone.", "%(count)d voices are now for everyone.", count)
    return words % {"count": count}


def kept(count: int) -> str:
    words = ngettext("%(count)d voice is now for its owner.", "%(count)d voices are now for their owners.", count)
    return words % {"count": count}


def without_index(count: int) -> str:
    words = ngettext("%(count)d voice has lost its index.", "%(count)d voices have lost their index.", count)
    return words % {"count": count}


@admin.register(VoiceEvent)
class VoiceEventAdmin(Desk):
    """Staff read what happened; nobody writes it here."""

    list_display = ("at", "who", "action", "voice_name", "details", "is_there")
    list_filter = ("action", "at")
    search_fields = ("actor_name", "voice_name", "voice_key", "details")
    list_select_related = ("voice",)
    csv_columns = ("at", "actor_name", "action", "voice_name", "voice_key", "details")
    fields: ClassVar = ("at", "who", "action", "voice_name", "voice_key", "details", "is_there")
    readonly_fields = fields

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: VoiceEvent | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: VoiceEvent | None = None) -> bool:
        return False

    def lookup_allowed(self, lookup: str, value: str, request: HttpRequest) -> bool:
        return lookup == "voice_key" or super().lookup_allowed(lookup, value, request)

    @admin.display(description=gettext_lazy("who"), ordering="actor_name")
    def who(self, event: VoiceEvent) -> str:
        return event.actor_name or _("the command line")

    @admin.display(description=gettext_lazy("the voice"))
    def is_there(self, event: VoiceEvent) -> SafeString | str:
        if event.voice_id is None:
            return _("deleted")
        address = reverse("admin:models_app_voicemodel_change", args=[event.voice_id])
        return format_html('<a href="{}">{}</a>', address, _("open"))


def person(request: HttpRequest) -> User:
    """The member of staff; nobody else gets into the administration."""
    user: User = request.user  # type: ignore[assignment]
    return user
