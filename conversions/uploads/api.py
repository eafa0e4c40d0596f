from typing import Any, cast

from drf_spectacular.utils import extend_schema
from rest_framework import mixins, serializers, status, viewsets
from rest_framework.parsers import MultiPartParser
from rest_framework.request import Request
from rest_framework.response import Response

from conversions.uploads.models import Upload, UploadQuerySet
from voiceproject.api import NewestFirst, StrictSerializer
from voiceproject.choosing import Chosen, Filters
from voiceproject.once import Once


class NewUploadSerializer(StrictSerializer):
    file = serializers.FileField(allow_empty_file=True, help_text="Speech or singing, in any usual format.")


class UploadSerializer(serializers.ModelSerializer[Upload]):
    filename = serializers.CharField(read_only=True, help_text="By which `POST /api/process` asks for it.")
    size = serializers.IntegerField(source="stored_bytes", read_only=True, help_text="Bytes.")
    expires_at = serializers.DateTimeField(read_only=True, help_text="A day after it was sent, or last used.")

    class Meta:
        model = Upload
        fields = ("id", "filename", "name", "media_type", "seconds", "size", "created_at", "expires_at")
        read_only_fields = fields


class UploadViewSet(
    Once, mixins.ListModelMixin, mixins.RetrieveModelMixin, mixins.DestroyModelMixin, viewsets.GenericViewSet[Upload]
):
    """Recordings that are sent first and converted later, for the older way through `/api/process`."""

    queryset = Upload.objects.none()
    serializer_class = UploadSerializer
    pagination_class = NewestFirst
    filter_backends = (Chosen,)
    filters = Filters(("name",), "its name")
    parser_classes = (MultiPartParser,)

    def get_queryset(self) -> UploadQuerySet:
        return Upload.objects.visible_to(self.request.user)

    @extend_schema(parameters=filters.parameters)
    def list(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        return super().list(request, *args, **kwargs)

    @extend_schema(request={"multipart/form-data": NewUploadSerializer}, responses={201: UploadSerializer})
    def create(self, request: Request) -> Response:
        """Send a recording. It is looked at, but not converted; a day after its last use it is deleted."""
        serializer = NewUploadSerializer(data=request.data)
        serializer.is_valid(raise_exception=True)
        upload = Upload.objects.keep(cast(Any, request.user), serializer.validated_data["file"])
        headers = {"Location": self.reverse_action("detail", args=[upload.pk])}
        return Response(self.get_serializer(upload).data, status.HTTP_201_CREATED, headers=headers)
