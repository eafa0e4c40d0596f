"""The picture of a recording and its result: spectra and pitch of both, for whoever may hear them.

What it holds is said in `rvc.spectrogram`: 96 rows of the recording, 96 of the result, and three of pitch.
"""

import uuid

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404
from django.views.decorators.http import require_safe
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiResponse, extend_schema

from conversions.models import Conversion
from voiceproject.files import serve

MEDIA_TYPE = "image/png"
PICTURE = extend_schema(responses={(200, MEDIA_TYPE): OpenApiResponse(OpenApiTypes.BINARY, "The picture.")})


def serve_picture(request: HttpRequest, conversion: Conversion) -> HttpResponseBase:
    return serve(request, conversion.picture, media_type=MEDIA_TYPE, filename="picture.png")


@login_required
@require_safe
def picture(request: HttpRequest, pk: uuid.UUID) -> HttpResponseBase:
    return serve_picture(request, get_object_or_404(Conversion.objects.readable_by(request.user), pk=pk))
