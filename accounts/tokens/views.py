"""The page of one's own tokens."""

from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from accounts.tokens.forms import TokenForm
from accounts.tokens.models import AccessToken
from rvc.errors import RVCError
from voiceproject.pages import PersonRequest


@never_cache
@require_http_methods(["GET", "POST"])
@login_required
def tokens(request: PersonRequest) -> HttpResponse:
    """The key of a new one stands in the answer to the form: it is kept nowhere, not even in the session."""
    form = TokenForm(request.POST if request.method == "POST" else None, owner=request.user)
    made = _made(form) if form.is_valid() else None
    context = {
        "form": TokenForm(owner=request.user) if made else form,
        "made": made,
        "tokens": AccessToken.objects.visible_to(request.user),
    }
    return render(request, "accounts/tokens.html", context, status=422 if form.errors else 200)


def _made(form: TokenForm) -> AccessToken | None:
    try:
        return form.save()
    except RVCError as error:
        form.add_error(None, error.message)
        return None


@require_POST
@login_required
def token_revoke(request: PersonRequest, pk: UUID) -> HttpResponse:
    get_object_or_404(AccessToken.objects.visible_to(request.user), pk=pk).delete()
    messages.success(request, _("It is revoked: nothing that shows it comes in any more."))
    return redirect("accounts:tokens")
