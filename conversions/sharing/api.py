from typing import Any, cast
from uuid import UUID

from django.shortcuts import get_object_or_404
from drf_spectacular.utils import extend_schema
from rest_framework import mixins, serializers, status, viewsets
from rest_framework.parsers import FormParser, MultiPartParser
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.reverse import reverse

from conversions.models import Conversion
from conversions.sharing.models import DAYS, LONGEST_TITLE, USUAL_DAYS, ShareLink, ShareLinkQuerySet
from conversions.sharing.views import address_of
from voiceproject.api import NewestFirst, StrictSerializer
from voiceproject.parsers import JSONParser


class NewShareLinkSerializer(StrictSerializer):
    title = serializers.CharField(
        required=False, allow_blank=True, max_length=LONGEST_TITLE, help_text="What its page is headed by."
    )
    days = serializers.ChoiceField(choices=DAYS, default=USUAL_DAYS, help_text="For how long it works.")


class ShareLinkSerializer(serializers.ModelSerializer[ShareLink]):
    works = serializers.BooleanField(read_only=True, help_text="Neither expired nor withdrawn.")

    class Meta:
        model = ShareLink
        fields = ("id", "title", "works", "created_at", "expires_at", "withdrawn_at", "heard", "heard_at")
        read_only_fields = fields


class ShareLinkWithAddressSerializer(ShareLinkSerializer):
    url = serializers.SerializerMethodField(help_text="Shown in this answer and never again.")

    class Meta:
        model = ShareLink
        fields = (*ShareLinkSerializer.Meta.fields, "url")
        read_only_fields = fields

    def get_url(self, link: ShareLink) -> str:
        return cast("str", self.context["request"].build_absolute_uri(address_of(link)))


class ShareLinkViewSet(
    mixins.ListModelMixin, mixins.RetrieveModelMixin, mixins.DestroyModelMixin, viewsets.GenericViewSet[ShareLink]
):
    """Links through which somebody without an account hears one result. `DELETE` withdraws one."""

    queryset = ShareLink.objects.none()
    serializer_class = ShareLinkSerializer
    pagination_class = NewestFirst
    parser_classes = (JSONParser, FormParser, MultiPartParser)
    lookup_url_kwarg = "link"

    def get_queryset(self) -> ShareLinkQuerySet:
        return ShareLink.objects.visible_to(self.request.user).filter(conversion=self._conversion())

    def _conversion(self) -> Conversion:
        mine = Conversion.objects.visible_to(self.request.user)
        return get_object_or_404(mine, pk=self.kwargs["conversion"])

    @extend_schema(request=NewShareLinkSerializer, responses={201: ShareLinkWithAddressSerializer})
    def create(self, request: Request, conversion: UUID) -> Response:
        """Make a link. The answer has its address, which needs no account; 422 while there is no result."""
        mine = self._conversion()
        serializer = NewShareLinkSerializer(data=request.data)
        serializer.is_valid(raise_exception=True)
        link = ShareLink.objects.make(mine, **serializer.validated_data)
        shown = ShareLinkWithAddressSerializer(link, context=self.get_serializer_context())
        place = reverse("api:link-detail", args=[mine.pk, link.pk], request=request)
        headers = {"Location": place, "Cache-Control": "no-store"}
        return Response(shown.data, status.HTTP_201_CREATED, headers=headers)

    def perform_destroy(self, instance: Any) -> None:
        instance.withdraw()
