"""Bodies that cannot be read in two ways: JSON says each thing once, and a form has parts."""

import codecs
import json
from collections.abc import Mapping
from typing import Any, NoReturn

from rest_framework import parsers
from rest_framework.exceptions import ParseError


class JSONParser(parsers.JSONParser):
    """As REST framework's, and refuses an object that has a name twice: of those one reader takes the first, another
    the last. NaN and Infinity are no JSON."""

    def parse(self, stream: Any, media_type: str | None = None, parser_context: Mapping[str, Any] | None = None) -> Any:
        encoding = (parser_context or {}).get("encoding", "utf-8")
        try:
            text = codecs.getreader(encoding)(stream)
            return json.load(text, object_pairs_hook=_each_once, parse_constant=_no_constant)
        except ValueError as error:
            raise ParseError(f"JSON parse error - {error}") from error


class MultiPartParser(parsers.MultiPartParser):
    """As REST framework's, and refuses a body in which no part can be made out: it would pass for an empty form."""

    def parse(self, stream: Any, media_type: str | None = None, parser_context: Mapping[str, Any] | None = None) -> Any:
        form = super().parse(stream, media_type, parser_context)
        if not (form.data or form.files):
            raise ParseError("Multipart form parse error - There is no part in it.")
        return form


def _each_once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    said: dict[str, Any] = {}
    for name, value in pairs:
        if name in said:
            raise ValueError(f"{name[:60]!r} is there twice.")
        said[name] = value
    return said


def _no_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is no number of JSON")
