"""The links of a result for its owner, and what whoever has one sees."""

from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from conversions.models import Conversion
from conversions.sharing.forms import ShareForm
from conversions.sharing.guessing import guarded
from conversions.sharing.models import ShareLink
from rvc.errors import RVCError
from voiceproject.errors import status_of
from voiceproject.files import clean_label, serve
from voiceproject.pages import PersonRequest

PROBE = "bytes 0-1/"
"""How some browsers ask whether ranges are answered before they play."""


@never_cache
@require_http_methods(["GET", "POST"])
@login_required
def links(request: PersonRequest, pk: UUID) -> HttpResponse:
    """The address of a new one stands in the answer to the form: it is kept nowhere, not even in the session."""
    conversion = get_object_or_404(Conversion.objects.visible_to(request.user), pk=pk)
    form = ShareForm(request.POST if request.method == "POST" else None)
    made, status = None, 200
    if form.is_bound:
        made, status = _made(conversion, form)
    context = {
        "conversion": conversion,
        "form": ShareForm() if made else form,
        "made": made,
        "address": request.build_absolute_uri(address_of(made)) if made else "",
    }
    return render(request, "conversions/share.html", context, status=status)


def _made(conversion: Conversion, form: ShareForm) -> tuple[ShareLink | None, int]:
    """The new link, or why there is none, with the status of the answer."""
    if not form.is_valid():
        return None, 422
    try:
        return ShareLink.objects.make(conversion, **form.cleaned_data), 200
    except RVCError as error:
        form.add_error(None, error.message)
        return None, status_of(error)


def address_of(link: ShareLink) -> str:
    """Its page, in the moment when its secret is known."""
    return reverse("shared", args=[link.secret])


@require_POST
@login_required
def withdraw(request: PersonRequest, pk: UUID, link: UUID) -> HttpResponse:
    found = get_object_or_404(ShareLink.objects.visible_to(request.user), pk=link, conversion=pk)
    found.withdraw()
    messages.success(request, _("The link is withdrawn: it opens for nobody any more."))
    return redirect("conversions:links", pk)


@never_cache
@require_safe
@guarded
def shared(request: HttpRequest, secret: str) -> HttpResponseBase:
    """One result, for whoever has the link: the same 404 for a wrong, an old and a withdrawn one."""
    context = {"link": _link(secret), "sound": reverse("shared-sound", args=[secret])}
    return _discreet(render(request, "conversions/share_public.html", context))


@require_safe
@guarded
def shared_sound(request: HttpRequest, secret: str) -> HttpResponseBase:
    """The sound. It does not count as the download after which its owner wants it deleted."""
    link = _link(secret)
    conversion = link.conversion
    filename = clean_label(link.title.replace("/", " "), fallback="sound") + f".{conversion.extension}"
    response = serve(request, conversion.result, media_type=conversion.result_type, filename=filename)
    if request.method == "GET" and _from_start(response):
        link.note_heard()
    return _discreet(response)


def _link(secret: str) -> ShareLink:
    link = ShareLink.objects.of_secret(secret)
    if link is None:
        raise Http404("There is no such link.")
    return link


def _from_start(response: HttpResponseBase) -> bool:
    """Whether somebody begins to listen: a player that goes on asks for the middle."""
    span = response.headers.get("Content-Range", "")
    return response.status_code == 200 or (span.startswith("bytes 0-") and not span.startswith(PROBE))


def _discreet(response: HttpResponseBase) -> HttpResponseBase:
    """Found by no search engine, and told to no other site: the address is the key."""
    response["X-Robots-Tag"] = "noindex, nofollow, noarchive"
    response["Referrer-Policy"] = "no-referrer"
    return response
