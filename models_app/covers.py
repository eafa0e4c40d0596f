"""Pictures of voices: decoded in a throwaway child, kept as ours, never as they came."""

from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.files import File
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.utils.translation import gettext as _

from models_app.models import VoiceModel
from rvc import sandbox
from rvc.errors import RVCError, VoiceFileError
from voiceproject.files import quarantine, serve

MEDIA_TYPE = "image/webp"
LIMITS = sandbox.Limits(memory_bytes=1 << 30, cpu_seconds=20, wall_seconds=30, file_bytes=8 << 20)
DIED = ("not_a_picture", "Reading this picture took too much time or memory, so it was refused.")


def check(picture: "File[Any]") -> bytes:
    """The picture as it is kept: 512 × 512, WebP. Raises RVCError whose field is `cover`."""
    try:
        return _square(picture)
    except RVCError as error:
        error.field = "cover"
        raise


def _square(picture: "File[Any]") -> bytes:
    if (picture.size or 0) > settings.MAX_COVER_MB << 20:
        raise VoiceFileError(
            "too_large", _("The picture is larger than {max_cover_mb} MB.").format(max_cover_mb=settings.MAX_COVER_MB)
        )
    if not picture.size:
        raise VoiceFileError("empty_file", _("The picture is empty. Choose it again."))
    with quarantine("cover-") as folder:
        source, target = Path(folder) / "picture.upload", Path(folder) / "cover.webp"
        with source.open("wb") as copy:
            copy.writelines(picture.chunks())
        sandbox.run("rvc.picture:square", {"source": str(source), "target": str(target)}, limits=LIMITS, died=DIED)
        return target.read_bytes()


def serve_cover(request: HttpRequest, voice: VoiceModel) -> HttpResponseBase:
    """The picture, to somebody who has been found to be allowed to see the voice; 404 without one."""
    return serve(request, voice.cover, media_type=MEDIA_TYPE, filename=f"{voice.slug}.webp")
