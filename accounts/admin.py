from typing import Any, ClassVar

from django.contrib import admin
from django.contrib.auth.admin import GroupAdmin, UserAdmin
from django.contrib.auth.models import Group, User
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from accounts.tokens.models import AccessToken
from voiceproject.desk import Desk, KnownRows

admin.site.unregister([User, Group])
THINGS = (
    ("conversions_conversion", _("conversions")),
    ("conversions_batch", _("batches")),
    ("models_app_voicemodel", _("voices")),
    ("models_app_voiceimport", _("imports")),
    ("accounts_accesstoken", _("tokens")),
    ("jobs_jobevent", _("what happened to jobs")),
)


@admin.register(AccessToken)
class AccessTokenAdmin(Desk):
    """Staff see who has which tokens and when they were used, and may revoke them; nobody sees a key."""

    list_display = ("name", "owner", "beginning", "scopes", "created_at", "expires_at", "used_at")
    list_filter = ("expires_at", "used_at")
    search_fields = ("name", "beginning", "owner__username")
    list_select_related = ("owner",)
    fields = ("name", "owner", "beginning", "scopes", "created_at", "expires_at", "used_at")
    readonly_fields = fields
    csv_columns = ("name", "owner__username", "beginning", "created_at", "expires_at", "used_at")

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False  # its owner has to get the key

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


@admin.register(User)
class PersonAdmin(KnownRows, UserAdmin):  # type: ignore[type-arg]
    """Django's own page of a person, with the way to everything that is theirs."""

    show_full_result_count = False
    readonly_fields: ClassVar = ("things",)
    fieldsets: ClassVar = ((None, {"fields": ("username", "password", "things")}), *UserAdmin.fieldsets[1:])  # type: ignore[index]

    @admin.display(description=_("what is theirs"))
    def things(self, person: User) -> SafeString:
        links = ((reverse(f"admin:{page}_changelist"), person.pk, words) for page, words in THINGS)
        return format_html_join(", ", '<a href="{}?owner__id__exact={}">{}</a>', links)


@admin.register(Group)
class PeopleAdmin(KnownRows, GroupAdmin):
    """Django's own page of a group."""
