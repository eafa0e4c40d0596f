"""The page of pretrained files in the administration: what is here, and the buttons that fetch and verify."""

from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import path
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from models_app.assets import asset_lines, asset_store, may_fetch
from models_app.models import AssetFetch
from rvc.errors import AssetError


@admin.register(AssetFetch)
class AssetAdmin(admin.ModelAdmin):  # type: ignore[type-arg]
    """Fetches are the rows; the page shows what they bring. Nothing is added or changed by a form."""

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False  # a button asks for a fetch, see `may_fetch`

    def has_change_permission(self, request: HttpRequest, obj: AssetFetch | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: AssetFetch | None = None) -> bool:
        return False

    def get_urls(self) -> list[Any]:
        names = (("fetch", self.fetch), ("cancel", self.cancel), ("verify", self.verify))
        own = [
            path(f"<str:name>/{verb}/", self.admin_site.admin_view(require_POST(view)), name=f"asset_{verb}")
            for verb, view in names
        ]
        return [*own, *super().get_urls()]

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        if not self.has_view_permission(request):
            raise PermissionDenied
        lines = asset_lines()
        context = {
            **self.admin_site.each_context(request),
            "title": _("Pretrained files"),
            "opts": self.opts,
            "lines": lines,
            "may_fetch": may_fetch(request.user),
            "under_way": any(line.under_way for line in lines),
        }
        return TemplateResponse(request, "admin/models_app/assetfetch/change_list.html", context)

    def fetch(self, request: HttpRequest, name: str) -> HttpResponseRedirect:
        self._check(request)

        def ask() -> str:
            AssetFetch.objects.submit(name, by=request.user)  # type: ignore[arg-type]
            return _("%(name)s is on its way.") % {"name": name}

        return self._tell(request, ask)

    def cancel(self, request: HttpRequest, name: str) -> HttpResponseRedirect:
        self._check(request)
        for fetch in AssetFetch.objects.active().filter(name=name):
            fetch.cancel()
        return self._tell(request, lambda: _("%(name)s is left alone; what has arrived is kept.") % {"name": name})

    def verify(self, request: HttpRequest, name: str) -> HttpResponseRedirect:
        self._check(request)

        def ask() -> str:
            asset = asset_store().asset(name)
            AssetFetch.objects.verify(asset.name, by=request.user)  # type: ignore[arg-type]
            return _("%(name)s is read again; this page says what is found.") % {"name": asset.name}

        return self._tell(request, ask)

    def _check(self, request: HttpRequest) -> None:
        if not may_fetch(request.user):
            raise PermissionDenied

    def _tell(self, request: HttpRequest, act: Any) -> HttpResponseRedirect:
        """Back to the page, with what was done or why it was not."""
        try:
            messages.success(request, act())
        except AssetError as error:
            messages.error(request, error.message)
        return redirect("admin:models_app_assetfetch_changelist")
