from typing import Any, cast

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from jobs.quotas import usage


class UsageSerializer(serializers.Serializer[Any]):
    jobs = serializers.IntegerField(help_text="Conversions that wait or run.")
    jobs_limit = serializers.IntegerField(help_text="0: any number; so with every limit here.")
    minutes = serializers.FloatField(help_text="Of sound that was accepted today, by the clock of the server.")
    minutes_limit = serializers.IntegerField()
    bytes = serializers.IntegerField(help_text="Kept here: recordings, results and voices.")
    bytes_limit = serializers.IntegerField()


class UsageView(APIView):
    """What you use of your share, and how large it is."""

    @extend_schema(responses=UsageSerializer)
    def get(self, request: Request) -> Response:
        return Response(UsageSerializer(usage(cast(Any, request.user))).data)
