"""How often somebody may ask: counted by the minute, for each scope by itself, in what all web processes share."""

import time
from typing import TYPE_CHECKING

from django.conf import settings
from django.core.cache import cache
from rest_framework.request import Request
from rest_framework.throttling import BaseThrottle

from accounts.tokens.authentication import asked_scope

if TYPE_CHECKING:
    from rest_framework.views import APIView

WINDOW_SECONDS = 60


class ScopeThrottle(BaseThrottle):
    """All tokens of a person count together, and so does a browser that is signed in."""

    def allow_request(self, request: Request, view: "APIView") -> bool:
        scope = asked_scope(request)
        most = settings.API_A_MINUTE.get(scope, 0) if scope else 0
        if not most or not request.user.pk:
            return True
        key = f"api:{scope}:{request.user.pk}:{int(time.time() // WINDOW_SECONDS)}"
        cache.add(key, 0, 2 * WINDOW_SECONDS)
        return bool(cache.incr(key) <= most)

    def wait(self) -> float:
        return WINDOW_SECONDS - time.time() % WINDOW_SECONDS
