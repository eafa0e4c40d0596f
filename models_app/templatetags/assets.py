"""What a page says where a voice lacks its content encoder."""

from typing import Any

from django import template
from django.utils.translation import gettext_lazy as _

from models_app.assets import may_fetch
from models_app.models import AssetFetch
from rvc.assets import ASSETS, AssetState

register = template.Library()

ASSET_STATES = {
    AssetState.MISSING: _("missing"),
    AssetState.UNCHECKED: _("not checked yet"),
    AssetState.VERIFIED: _("verified"),
    AssetState.RECORDED: _("recorded"),
    AssetState.DAMAGED: _("damaged"),
}


@register.simple_tag(takes_context=True)
def fetch_help(context: dict[str, Any], encoder: str) -> dict[str, Any]:
    """The fetch of an encoder that is under way, whether a click of this person can start one, and where staff look."""
    request = context["request"]
    if not hasattr(request, "fetches_under_way"):  # asked once for all the cards of a page
        request.fetches_under_way = {fetch.name: fetch for fetch in AssetFetch.objects.active()}
    fetch = request.fetches_under_way.get(encoder)
    fetchable = encoder in ASSETS and ASSETS[encoder].fetchable
    return {
        "fetch": fetch,
        "offered": fetch is None and fetchable and may_fetch(request.user),
        "watched": request.user.is_staff and request.user.has_perm("models_app.view_assetfetch"),
    }


@register.filter
def asset_state(state: AssetState) -> str:
    return str(ASSET_STATES[state])
