"""Answers of the API that are asked for again and again: 304 while they stay as they were."""

from django.http import HttpRequest, HttpResponseBase
from django.middleware.http import ConditionalGetMiddleware


class Unchanged(ConditionalGetMiddleware):
    """An ETag of what is answered, for the API alone: pages have a new CSRF token each time."""

    def process_response(self, request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
        if not request.path.startswith("/api/"):
            return response
        return super().process_response(request, response)
