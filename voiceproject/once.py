"""A creating request that is sent again gets the answer of the first: `Idempotency-Key` names the two as one."""

import hashlib
import json
import re
from typing import TYPE_CHECKING, Any, cast

from django.core.files.uploadedfile import UploadedFile
from django.http.response import HttpResponseBase
from rest_framework.exceptions import ValidationError
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response

from voiceproject.models import KeptAnswer

if TYPE_CHECKING:
    from rest_framework.views import APIView as Base
else:
    Base = object

HEADER = "Idempotency-Key"
KEY = re.compile(r"[\x21-\x7e]{1,200}")


class Once(Base):
    """For views that create, in front of the others. Answers that refuse are not kept: nothing was made."""

    claimed: KeptAnswer | None = None

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        super().initial(request, *args, **kwargs)
        key = request.headers.get(HEADER)
        if key is None or request.method != "POST":
            return
        if not KEY.fullmatch(key):
            raise ValidationError({HEADER: "It has 1 to 200 visible ASCII characters."})
        kept = KeptAnswer.objects.claim(cast(Any, request.user), key, fingerprint(request))
        if kept.status is None:
            self.claimed = kept
        else:
            # The handler is looked up after this: instead of the work comes what became of it.
            self.post = lambda request, *args, **kwargs: self.repeat(request, kept)

    def repeat(self, request: Request, kept: KeptAnswer) -> HttpResponseBase:
        """The answer that was kept."""
        response = self.made_before(request, kept.about) if kept.body == "" else None
        if response is None:
            response = Response(json.loads(kept.body) if kept.body else None, kept.status)
        if kept.location:
            response["Location"] = kept.location
        response["Idempotent-Replayed"] = "true"
        return response

    def made_before(self, request: Request, pk: str) -> HttpResponseBase | None:
        """Where the answer was sound, which is not kept: the same once more. pk: what was made."""
        return None

    def handle_exception(self, exc: Exception) -> Response:
        if self.claimed is not None:
            self.claimed.delete()
            self.claimed = None
        return super().handle_exception(exc)

    def finalize_response(self, request: Request, response: Any, *args: Any, **kwargs: Any) -> Any:
        response = super().finalize_response(request, response, *args, **kwargs)
        if self.claimed is not None:
            self.claimed.settle(response.status_code, response.get("Location", ""), _body(response))
        return response


def _body(response: HttpResponseBase) -> str:
    data = getattr(response, "data", None)
    return "" if data is None else JSONRenderer().render(data).decode()


def fingerprint(request: Request) -> str:
    """What the request asks for, whatever its parts are called on the way: two are the same when this is."""
    digest = hashlib.sha256(f"{request.method} {request.get_full_path()}\n".encode())
    data: Any = request.data
    lists = sorted(data.lists()) if hasattr(data, "lists") else [("", [data])]
    for name, values in lists:
        for value in values:
            digest.update(json.dumps([name, _told(value)], sort_keys=True, default=str).encode())
    return digest.hexdigest()


def _told(value: Any) -> Any:
    if not isinstance(value, UploadedFile):
        return value
    content = hashlib.sha256()
    for block in value.chunks():
        content.update(block)
    value.seek(0)
    return [value.name, value.size, content.hexdigest()]
