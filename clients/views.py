"""What the calls of all client libraries share: who comes in, which errors go out, and the sound itself."""

import hashlib
import json
import threading
from collections.abc import Callable, Iterable, Iterator
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

BLOCK = 1 << 16
MOST_WAITERS = 8
"""In each web process, which has sixteen threads for everybody."""
COME_BACK_SECONDS = 5
WAITING = "As many programs as this web server has room for wait for their sound: try again in a moment."


class Waiters:
    """How many requests of this process wait for sound or hear it: the others keep some of its threads."""

    def __init__(self) -> None:
        self.count = 0
        self.lock = threading.Lock()

    def enter(self) -> None:
        """Raises SlowDown."""
        with self.lock:
            if self.count >= MOST_WAITERS:
                raise SlowDown(WAITING, retry_after=COME_BACK_SECONDS)
            self.count += 1

    def leave(self) -> None:
        with self.lock:
            self.count -= 1


class Held:
    """What is sent, with its sender counted until the server has closed it."""

    def __init__(self, content: Iterable[bytes], waiters: Waiters) -> None:
        self.content = content
        self.waiters = waiters
        self.closed = False

    def __iter__(self) -> Iterator[bytes]:
        return iter(self.content)

    def close(self) -> None:
        if not self.closed:
            self.closed = True
            self.waiters.leave()


class ClientView(APIView):
    """A call as a client library makes it, with errors in that library's own shape."""

    content_negotiation_class = AnyAccept
    schema = None  # their shapes are described by those whose clients they are
    waiters: ClassVar[Waiters] = Waiters()

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
        self.waiters.enter()
        try:
            response = make()
        except BaseException:
            self.waiters.leave()
            raise
        response.streaming_content = Held(cast("Iterable[bytes]", response.streaming_content), self.waiters)
        return response

    def once(self, request: Request, submit: Callable[[], Conversion]) -> Submission:
        """Have something converted, unless this request is one that came before."""
        return Submission.objects.once(identity_of(request), submit)


def identity_of(request: Request) -> Identity:
    call = f"{request.user.pk} {request.method} {request._request.get_full_path()}"
    body = _digest(call, _content(request.data))
    name = request.headers.get("Idempotency-Key", "").strip()
    return Identity(_digest(call, name) if name else body, body, named=bool(name))


def _content(data: Any) -> str:
    """A body as one text, the same for the same fields and files. Reads files to their end."""
    if not hasattr(data, "getlist"):
        return json.dumps(data, sort_keys=True)
    fields = {name: [_value(value) for value in data.getlist(name)] for name in data}
    return json.dumps(fields, sort_keys=True)


def _value(value: Any) -> str:
    if not hasattr(value, "chunks"):
        return str(value)
    digest = hashlib.sha256()
    for block in value.chunks(BLOCK):
        digest.update(block)
    value.seek(0)
    return digest.hexdigest()


def _digest(*texts: str) -> str:
    return hashlib.sha256(json.dumps(texts).encode()).hexdigest()


class NothingView(APIView):
    """What a client knows and this server does not: said in words, in a body that every client can read."""

    authentication_classes = permission_classes = throttle_classes = ()
    content_negotiation_class = AnyAccept
    schema = None

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        raise NotFound("This server has no such call: docs/clients.md says which there are.")
