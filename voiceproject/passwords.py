"""A one-time password opens one page: the one where its owner chooses another."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponseBase, JsonResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from voiceproject.errors import error_body
from voiceproject.models import OneTimePassword

if TYPE_CHECKING:
    from django.contrib.auth.models import User

CHOOSE = _("This is a one-time password. Choose your own first.")


def must_choose(user: "User") -> bool:
    """Only administrators get one-time passwords: nobody else costs a query."""
    return user.is_superuser and OneTimePassword.objects.is_used_by(user)


class AnotherPassword:
    """Validator: a new password is not the one that it replaces."""

    def validate(self, password: str, user: "User | None" = None) -> None:
        if user is not None and user.pk and user.check_password(password):
            raise ValidationError(gettext("This is the password you have. Choose another."), code="password_unchanged")

    def get_help_text(self) -> str:
        return gettext("It must be another one than now.")


class OwnPasswordFirst:
    """Leads whoever is signed in with a one-time password to the page where it is changed."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        user: Any = request.user
        if request.path in (reverse("password_change"), reverse("logout")) or not must_choose(user):
            return self.get_response(request)
        if request.path.startswith("/api/"):
            message = f"{CHOOSE} It is done at {reverse('password_change')}."
            return JsonResponse(error_body("forbidden", message), status=403)
        messages.warning(request, CHOOSE)
        return redirect("password_change")
