"""ElevenLabs' history: what somebody had converted here, and what came of it."""

from typing import Any
from uuid import UUID

from django.http import Http404
from django.http.response import HttpResponseBase
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response

from clients.elevenlabs.shapes import history_shape
from clients.elevenlabs.views import ElevenView
from conversions.files import serve_result
from conversions.models import Conversion
from jobs.models import State

MOST = 1000
USUAL = 100


class HistoryView(ElevenView):
    def get(self, request: Request) -> Response:
        """Newest first, from after `start_after_history_item_id`."""
        asked = request.query_params
        size = asked.get("page_size") or str(USUAL)
        if not size.isdecimal() or not 1 <= int(size[:9]) <= MOST:
            raise ValidationError({"page_size": f"This must be a whole number from 1 to {MOST}."})
        found = done(request)
        if after := asked.get("start_after_history_item_id"):
            found = _after(found, item(request, after))
        if voice := asked.get("voice_id"):
            found = found.filter(voice=_uuid(voice))
        page = list(found[: int(size) + 1])
        shown = page[: int(size)]
        last = str(shown[-1].pk) if shown else None
        more = {"has_more": len(page) > len(shown), "last_history_item_id": last}
        return Response({"history": [history_shape(conversion) for conversion in shown], **more})


class HistoryItemView(ElevenView):
    def get(self, request: Request, pk: str) -> Response:
        return Response(history_shape(item(request, pk)))

    def delete(self, request: Request, pk: str) -> Response:
        item(request, pk).delete()
        return Response({"status": "ok"})


class HistorySoundView(ElevenView):
    def get(self, request: Request, pk: str) -> HttpResponseBase:
        """As it is kept, which the item says in `content_type`."""
        return serve_result(request._request, item(request, pk), fetched=True)


def done(request: Request) -> Any:
    mine = Conversion.objects.visible_to(request.user).filter(state=State.DONE)
    return mine.select_related("speech").order_by("-created_at", "id")


def item(request: Request, pk: str) -> Conversion:
    found: Conversion | None = done(request).filter(pk=_uuid(pk)).first()
    if found is None:
        raise Http404
    return found


def _after(found: Any, last: Conversion) -> Any:
    older = found.filter(created_at__lt=last.created_at)
    return older | found.filter(created_at=last.created_at, pk__gt=last.pk)


def _uuid(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError as error:
        raise Http404 from error
