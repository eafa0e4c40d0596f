"""Documents for programs: one file in, a batch of speeches out."""

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers, status
from rest_framework.parsers import MultiPartParser
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.reverse import reverse
from rest_framework.views import APIView

from conversions.batches.api import WholeBatchSerializer
from conversions.batches.models import Batch
from tts.api import NewSpeechSerializer
from tts.documents import intake
from voiceproject.once import Once


class NewDocumentSerializer(NewSpeechSerializer):
    """As for a text, with a document in its place."""

    text = None  # type: ignore[assignment]
    wait = None  # type: ignore[assignment]
    document = serializers.FileField(
        allow_empty_file=True, help_text="Plain text or Markdown in UTF-8, or an EPUB: .txt, .md, .epub."
    )
    name = serializers.CharField(required=False, max_length=120, help_text="Of the batch; left out, the file's.")

    def create(self, validated_data: dict[str, Any]) -> Batch:  # type: ignore[override]
        data = dict(validated_data)
        document, name = intake.look(data.pop("document")), data.pop("name", "")
        wish, voice, options, keeping = self.wished(data)
        user = data["user"]
        return intake.submit(user, voice, wish, options, document.called(name), **keeping)


class DocumentView(Once, APIView):
    parser_classes = (MultiPartParser,)

    @extend_schema(
        request={"multipart/form-data": NewDocumentSerializer},
        responses={202: WholeBatchSerializer},
        operation_id="speeches_documents_create",
        tags=["speeches"],
    )
    def post(self, request: Request) -> Response:
        """Have a whole document spoken: a batch with a speech for each chapter, or part of one, in order."""
        context = {"request": request, "view": self, "format": None}
        serializer = NewDocumentSerializer(data=request.data, context=context)
        serializer.is_valid(raise_exception=True)
        batch = serializer.save(user=request.user)
        headers = {"Location": reverse("api:batch-detail", args=[batch.pk], request=request)}
        return Response(WholeBatchSerializer(batch, context=context).data, status.HTTP_202_ACCEPTED, headers=headers)
