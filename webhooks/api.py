from typing import Any, cast

from drf_spectacular.utils import extend_schema
from rest_framework import mixins, serializers, status, viewsets
from rest_framework.decorators import action
from rest_framework.parsers import FormParser, MultiPartParser
from rest_framework.request import Request
from rest_framework.response import Response

from voiceproject.api import NewestFirst, StrictSerializer
from voiceproject.choosing import Chosen, Filters, One
from voiceproject.once import Once
from voiceproject.parsers import JSONParser
from webhooks.models import Delivery, Webhook, WebhookQuerySet


class NewWebhookSerializer(StrictSerializer):
    url = serializers.CharField(
        max_length=2000, help_text="Begins with https://, and can be reached from the internet."
    )

    def create(self, validated_data: dict[str, Any]) -> Webhook:
        return Webhook.objects.register(**validated_data)


class WebhookSerializer(serializers.ModelSerializer[Webhook]):
    class Meta:
        model = Webhook
        fields = ("id", "url", "active", "failures", "trouble", "created_at", "delivered_at")
        read_only_fields = fields


class WebhookWithSecretSerializer(serializers.ModelSerializer[Webhook]):
    secret = serializers.CharField(read_only=True, help_text="Shown in this answer and never again.")

    class Meta:
        model = Webhook
        fields = (*WebhookSerializer.Meta.fields, "secret")
        read_only_fields = fields


class DeliverySerializer(serializers.ModelSerializer[Delivery]):
    class Meta:
        model = Delivery
        fields = (
            "id", "message", "event", "number", "state", "status", "error_code", "error_message", "not_before",
            "created_at", "finished_at",
        )  # fmt: skip
        read_only_fields = fields


class WebhookViewSet(
    Once, mixins.ListModelMixin, mixins.RetrieveModelMixin, mixins.DestroyModelMixin, viewsets.GenericViewSet[Webhook]
):
    """Addresses of yours that are told when a conversion or an import of yours has ended."""

    queryset = Webhook.objects.none()
    serializer_class = WebhookSerializer
    pagination_class = NewestFirst
    filter_backends = (Chosen,)
    filters = Filters(("url",), "the address", {"active": One("active", bool, "Only those that are told, or not.")})
    parser_classes = (JSONParser, FormParser, MultiPartParser)

    def get_queryset(self) -> WebhookQuerySet:
        return Webhook.objects.visible_to(self.request.user)

    @extend_schema(parameters=filters.parameters)
    def list(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        return super().list(request, *args, **kwargs)

    @extend_schema(request=NewWebhookSerializer, responses={201: WebhookWithSecretSerializer})
    def create(self, request: Request) -> Response:
        """Register an address. The answer has the secret that its messages are signed with."""
        serializer = NewWebhookSerializer(data=request.data)
        serializer.is_valid(raise_exception=True)
        webhook = cast(Webhook, serializer.save(user=request.user))
        location = self.reverse_action("detail", args=[webhook.pk])
        answer = WebhookWithSecretSerializer(webhook).data
        return Response(answer, status.HTTP_201_CREATED, headers={"Location": location, "Cache-Control": "no-store"})

    @extend_schema(request=None, responses=WebhookSerializer)
    @action(detail=True, methods=["post"])
    def on(self, request: Request, pk: str) -> Response:
        """Tell it again, after it was turned off because too much failed."""
        webhook = self.get_object()
        webhook.turn_on()
        return Response(self.get_serializer(webhook).data)

    @extend_schema(responses=DeliverySerializer(many=True))
    @action(detail=True)
    def deliveries(self, request: Request, pk: str) -> Response:
        """Every try of the last 7 days, the latest first; the latest 100."""
        tries = self.get_object().deliveries.order_by("-created_at")[:100]
        return Response(DeliverySerializer(tries, many=True).data)
