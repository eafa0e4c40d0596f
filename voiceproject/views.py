"""The page of the API's description, on which one can try it out, and what has no page."""

from typing import Any

from django.http import Http404, HttpRequest, HttpResponseBase
from drf_spectacular.views import SpectacularSwaggerSplitView

# Swagger's page sets styles and small pictures from its script.
DOCS_CSP = "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:"


class DocsView(SpectacularSwaggerSplitView):
    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        response: HttpResponseBase = super().dispatch(request, *args, **kwargs)
        response["Content-Security-Policy"] = DOCS_CSP
        return response


def nowhere(request: HttpRequest, rest: str = "") -> HttpResponseBase:
    """In place of a page of Django's that we have no use for."""
    raise Http404
