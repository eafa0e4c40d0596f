"""The sound of conversions: the one way in which recordings and results leave the server."""

import uuid
from functools import partial

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404
from django.views.decorators.http import require_safe

from conversions.formats import FORMATS, is_stored, serve_as
from conversions.models import Conversion
from conversions.pieces import MEDIA_TYPE
from conversions.streaming import serve_stream
from rvc.errors import RVCError
from voiceproject.desk import note_listening
from voiceproject.errors import SlowDown, headers_of, status_of
from voiceproject.files import serve


def serve_source(request: HttpRequest, conversion: Conversion, *, heard: bool = False) -> HttpResponseBase:
    """heard: only what the result was made of, where that is a clip."""
    if heard and conversion.clip:
        return serve(request, conversion.clip, media_type="audio/wav", filename="clip.wav")
    return serve(request, conversion.source, media_type=conversion.source_type, filename=conversion.source_file_name)


def serve_result(request: HttpRequest, conversion: Conversion, *, fetched: bool, wanted: str = "") -> HttpResponseBase:
    """fetched: this is the download after which a conversion goes that was to go after it; wanted: see `formats`.

    Raises what `serve_as` does where another format is wanted than the stored one.
    """
    if not is_stored(conversion, wanted):
        size = conversion.result.size if conversion.result else 0
        counted = partial(conversion.note_sent, 0, size) if fetched and conversion.delete_after_download else None
        return serve_as(request, conversion, wanted, fetched=counted)
    return serve(
        request,
        conversion.result,
        media_type=conversion.result_type,
        filename=conversion.result_name,
        sent=conversion.note_sent if fetched and conversion.delete_after_download else None,
    )


@login_required
@require_safe
def source(request: HttpRequest, pk: uuid.UUID) -> HttpResponseBase:
    conversion = get_object_or_404(Conversion.objects.readable_by(request.user), pk=pk)
    note_listening(request, conversion, "the recording")
    return serve_source(request, conversion, heard=True)


@login_required
@require_safe
def result(request: HttpRequest, pk: uuid.UUID) -> HttpResponseBase:
    conversion = get_object_or_404(Conversion.objects.readable_by(request.user), pk=pk)
    # The page fetches all of it to draw its wave, and staff may listen: neither takes it away from its owner.
    fetched = "download" in request.GET and conversion.owner_id == request.user.pk
    wanted = request.GET.get("format", "")
    if wanted and wanted not in FORMATS:
        raise Http404("There is no such format.")
    note_listening(request, conversion, "the result")
    try:
        return serve_result(request, conversion, fetched=fetched, wanted=wanted)
    except RVCError as error:
        return HttpResponse(error.message, "text/plain", status_of(error), headers=headers_of(error))


@login_required
@require_safe
def stream(request: HttpRequest, pk: uuid.UUID) -> HttpResponseBase:
    conversion = get_object_or_404(Conversion.objects.readable_by(request.user), pk=pk)
    note_listening(request, conversion, "the result, as it was made")
    try:
        return serve_stream(request, conversion)
    except SlowDown as error:
        return HttpResponse(error.message, "text/plain", 429, headers=headers_of(error))


@login_required
@require_safe
def piece(request: HttpRequest, pk: uuid.UUID, number: int) -> HttpResponseBase:
    """One piece of a result that is being made: a browser plays a stream without end only when much of it is there."""
    conversion = get_object_or_404(Conversion.objects.readable_by(request.user), pk=pk)
    found = get_object_or_404(conversion.pieces.all(), number=number)
    note_listening(request, conversion, f"piece {number + 1} of the result")
    return serve(request, found.file, media_type=MEDIA_TYPE, filename=f"{number + 1}.wav")
