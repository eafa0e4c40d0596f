"""Slows down who tries secrets: an address that found nothing many times is not answered for a while."""

import hashlib
import time
from collections.abc import Callable
from functools import wraps

from django.core.cache import cache
from django.http import Http404, HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import render
from rest_framework.exceptions import Throttled
from rest_framework.request import Request
from rest_framework.throttling import BaseThrottle

View = Callable[..., HttpResponseBase]

WINDOW_SECONDS = 300
MISSES = 30
"""Of one address in a window; a link that works does not count."""


def guarded(view: View) -> View:
    """A view whose 404 is a wrong guess; after too many it answers 429 whatever is asked."""

    @wraps(view)
    def counting(request: HttpRequest, *args: object, **kwargs: object) -> HttpResponseBase:
        counter = _counter(request)
        if cache.get(counter, 0) >= MISSES:
            return _refusal(request)
        try:
            return view(request, *args, **kwargs)
        except Http404:
            cache.add(counter, 0, WINDOW_SECONDS)
            cache.incr(counter)
            raise

    return counting


def _counter(request: HttpRequest) -> str:
    address = BaseThrottle().get_ident(Request(request))
    window = int(time.time() // WINDOW_SECONDS)
    return "guesses:" + hashlib.sha256(repr((window, address)).encode()).hexdigest()


def _refusal(request: HttpRequest) -> HttpResponseBase:
    wait = WINDOW_SECONDS - int(time.time() % WINDOW_SECONDS)
    response = render(request, "429.html", {"sentence": Throttled(wait).detail}, status=429)
    response["Retry-After"] = str(wait)
    return response
