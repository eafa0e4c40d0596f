"""Refuses requests in another charset than UTF-8 and its like, be it no charset at all.

Django decodes the address with what `Content-Type` names while it makes the request, before any middleware: the name
has to be gone by then. The WSGI part takes it away, and the middleware answers, with the headers of every answer.
"""

from collections.abc import Callable, Iterable
from typing import Any

from django.core.exceptions import BadRequest
from django.http import HttpRequest, HttpResponseBase
from django.utils.http import parse_header_parameters

from voiceproject.errors import bad_request

WSGI = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]

CHARSETS = frozenset({"utf-8", "utf8", "us-ascii", "ascii", "iso-8859-1", "latin-1"})
REFUSED = "voiceproject.charset_refused"  # a name that no header can have


def checking_charset(application: WSGI) -> WSGI:
    def checked(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        if not _is_known(environ.get("CONTENT_TYPE", "")):
            environ |= {"CONTENT_TYPE": "", REFUSED: True}
        return application(environ, start_response)

    return checked


def _is_known(content_type: str) -> bool:
    try:
        charset = parse_header_parameters(content_type)[1].get("charset", "utf-8")
    except ValueError:  # a parameter that is itself encoded, in nothing known
        return False
    return charset.lower() in CHARSETS


class RefuseCharset:
    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        if REFUSED in request.META:
            return bad_request(request, BadRequest("Send UTF-8."))
        return self.get_response(request)
