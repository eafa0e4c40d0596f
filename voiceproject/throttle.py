"""Slows down who guesses passwords in the forms of the site and of the admin; the API's login has REST framework's."""

import hashlib
import time
import unicodedata
from collections.abc import Callable
from functools import wraps
from typing import Any

from django.core.cache import cache
from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import render
from rest_framework.exceptions import Throttled
from rest_framework.request import Request
from rest_framework.throttling import BaseThrottle

View = Callable[..., HttpResponseBase]

WINDOW_SECONDS = 300
TRIES_OF_A_NAME = 20
TRIES_OF_AN_ADDRESS = 100  # somebody who tries one password with many names


def throttled(view: View) -> View:
    """A view that asks for a password, and answers 429 after too many wrong ones from one address.

    What succeeds is not counted.
    """

    @wraps(view)
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if request.method != "POST":
            return view(request, *args, **kwargs)
        counters = _counters(request)
        if any(cache.get(key, 0) >= most for key, most in counters.items()):
            return _refusal(request)
        response = view(request, *args, **kwargs)
        if response.status_code in (200, 422):  # the form once more: whoever gets in is sent on
            for key in counters:
                cache.add(key, 0, WINDOW_SECONDS)
                cache.incr(key)
        return response

    return guarded


def _counters(request: HttpRequest) -> dict[str, int]:
    """The counters of this try, and what each may reach: of the address, and of the address with this name."""
    address = BaseThrottle().get_ident(Request(request))
    # Whoever is signed in proves that they are who they are: no other name counts.
    said = request.user.get_username() or request.POST.get("username", "")
    name = unicodedata.normalize("NFKC", said.strip()).casefold()
    window = int(time.time() // WINDOW_SECONDS)
    return {
        _key(window, address): TRIES_OF_AN_ADDRESS,
        _key(window, address, name): TRIES_OF_A_NAME,
    }


def _key(*parts: object) -> str:
    """One name for the cache, whatever signs and lengths the parts have."""
    return "login:" + hashlib.sha256(repr(parts).encode()).hexdigest()


def _refusal(request: HttpRequest) -> HttpResponseBase:
    """The API's own sentence, as a page."""
    wait = WINDOW_SECONDS - int(time.time() % WINDOW_SECONDS)
    response = render(request, "429.html", {"sentence": Throttled(wait).detail}, status=429)
    response["Retry-After"] = str(wait)
    return response
