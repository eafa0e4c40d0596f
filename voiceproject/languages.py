"""In which language a page is, and in which colours: as its reader has said, else as their browser does."""

from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.middleware.locale import LocaleMiddleware
from django.utils import translation
from django.utils.translation import check_for_language, get_language
from django.views.decorators.http import require_POST
from django.views.i18n import LANGUAGE_QUERY_PARAMETER, set_language

from voiceproject.errors import API_PATHS
from voiceproject.models import Preferences
from voiceproject.preferences import Theme

THEME_COOKIE = "theme"
"""So that the page on which one signs in has the same colours."""


class Language(LocaleMiddleware):
    """Programs are answered in English: they read the codes, and whoever wrote them looks for the sentences."""

    def process_request(self, request: HttpRequest) -> None:
        if request.path.startswith(API_PATHS):
            translation.activate(settings.LANGUAGE_CODE)
            return
        super().process_request(request)
        preferences = Preferences.objects.of(request.user)
        request.preferences = preferences  # type: ignore[attr-defined]
        if preferences.language and check_for_language(preferences.language):
            translation.activate(preferences.language)
            request.LANGUAGE_CODE = get_language()

    def process_response(self, request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
        if request.path.startswith(API_PATHS):
            return response
        return super().process_response(request, response)


def looks(request: HttpRequest) -> dict[str, Any]:
    """Context of every page: the colours that its reader has chosen, or nothing."""
    preferences = getattr(request, "preferences", None)
    theme = preferences.theme if preferences and preferences.user_id else request.COOKIES.get(THEME_COOKIE, "")
    return {"theme": theme if theme in Theme.values else ""}


@require_POST
def choose(request: HttpRequest) -> HttpResponse:
    """Remember a language: with the person, and in this browser for whoever is not signed in."""
    language = request.POST.get(LANGUAGE_QUERY_PARAMETER, "")
    if request.user.is_authenticated and language in dict(settings.LANGUAGES):
        Preferences.objects.wish(request.user, language=language)
    return set_language(request)
