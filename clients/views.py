"""What the calls of all client libraries share: who comes in, which errors go out, and the sound itself."""

import hashlib
import json
from collections.abc import Callable, Iterable
from typing import Any, ClassVar, cast

from django.contrib.auth.models import User
from django.http import StreamingHttpResponse
from rest_framework.exceptions import NotFound
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from clients.models import Identity, Submission
from conversions.models import Conversion
from voiceproject.api import AnyAccept
from voiceproject.errors import RETRY_SECONDS, SlowDown, handle
from voiceproject.once import HEADER, fingerprint
from voiceproject.seats import Seated, Seats

MOST_WAITERS = 8
"""In each web process, which has sixteen threads for everybody."""
COME_BACK_SECONDS = 5
WAITING = "As many programs as this web server has room for wait for their sound: try again in a moment."


class ClientView(APIView):
    """A call as a client library makes it, with errors in that library's own shape."""

    content_negotiation_class = AnyAccept
    schema = None  # their shapes are described by those whose clients they are
    waiters: ClassVar[Seats] = Seats(MOST_WAITERS, MOST_WAITERS)

    @property
    def person(self) -> User:
        """Who asks; nobody gets here without a key."""
        return cast("User", self.request.user)

    def get_exception_handler(self) -> Callable[..., Response | None]:
        return self.handle

    def handle(self, error: Exception, context: dict[str, Any]) -> Response | None:
        response = handle(error, context)
        if response is not None:
            known = response.data["error"]
            response.status_code, response.data = self.fault(
                response.status_code, known["code"], known["message"], known["field"]
            )
            self.advise(response, known["code"])
        return response

    def fault(self, status: int, code: str, message: str, field: str | None) -> tuple[int, dict[str, Any]]:
        """Status and body of an error, as this library's people know them."""
        raise NotImplementedError

    def advise(self, response: Response, code: str) -> None:
        """Whether it is worth sending the same once more: the clients do so by themselves."""
        worth = response.status_code in (429, 503)
        response["x-should-retry"] = "true" if worth else "false"
        if code == "queue_full":
            response["Retry-After"] = "1"  # who waited all along goes on waiting
        elif worth:
            response.headers.setdefault("Retry-After", str(RETRY_SECONDS))

    def heard(self, make: Callable[[], StreamingHttpResponse]) -> StreamingHttpResponse:
        """An answer of sound, or SlowDown where too many wait for theirs."""
        if not self.waiters.take(self.person.pk):
            raise SlowDown(WAITING, retry_after=COME_BACK_SECONDS)
        try:
            response = make()
        except BaseException:
            self.waiters.leave(self.person.pk)
            raise
        content = cast("Iterable[bytes]", response.streaming_content)
        response.streaming_content = Seated(self.person.pk, content, self.waiters)
        return response

    def once(self, request: Request, submit: Callable[[], Conversion]) -> Submission:
        """Have something converted, unless this request is one that came before."""
        return Submission.objects.once(identity_of(request), submit)


def identity_of(request: Request) -> Identity:
    body = _digest(str(request.user.pk), fingerprint(request))
    name = request.headers.get(HEADER, "").strip()
    call = f"{request.user.pk} {request.method} {request.get_full_path()}"
    return Identity(_digest(call, name) if name else body, body, named=bool(name))


def _digest(*texts: str) -> str:
    return hashlib.sha256(json.dumps(texts).encode()).hexdigest()


class NothingView(APIView):
    """What a client knows and this server does not: said in words, in a body that every client can read."""

    authentication_classes = permission_classes = throttle_classes = ()
    content_negotiation_class = AnyAccept
    schema = None

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        raise NotFound("This server has no such call: docs/clients.md says which there are.")
