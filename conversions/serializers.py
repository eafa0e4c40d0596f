"""A conversion as the API says it."""

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers
from rest_framework.reverse import reverse

from conversions.findings import FindingsSerializer
from conversions.models import OPTION_NAMES, Conversion


class SoundSerializer(serializers.Serializer[Any]):
    url = serializers.URLField()
    name = serializers.CharField()
    media_type = serializers.CharField()
    seconds = serializers.FloatField(allow_null=True)
    rate = serializers.IntegerField(allow_null=True, help_text="Hz; null where it was not measured.")


class FailureSerializer(serializers.Serializer[Any]):
    code = serializers.CharField()
    message = serializers.CharField()


class ConversionSerializer(serializers.ModelSerializer[Conversion]):
    position = serializers.IntegerField(read_only=True, allow_null=True, help_text="Place in the queue, from 1.")
    estimate_seconds = serializers.IntegerField(
        read_only=True,
        allow_null=True,
        help_text="Until it has ended, from the speed of the last conversions; null where nobody knows.",
    )
    progress = serializers.FloatField(read_only=True, help_text="0 to 1, over the whole conversion.")
    error = serializers.SerializerMethodField()
    source = serializers.SerializerMethodField()  # type: ignore[assignment]
    result = serializers.SerializerMethodField()
    stream = serializers.SerializerMethodField()
    ready_seconds = serializers.FloatField(
        read_only=True, help_text="How much of the result can be heard already, under `stream`."
    )
    pitch_moved = serializers.FloatField(read_only=True, allow_null=True, help_text="Semitones, once it was moved.")
    facts = serializers.SerializerMethodField()
    warnings = serializers.ListField(child=serializers.CharField(), read_only=True)
    expires_at = serializers.DateTimeField(
        read_only=True, allow_null=True, help_text="When it is deleted, with its files; null: it stays for now."
    )

    class Meta:
        model = Conversion
        fields = (
            "id", "kind", "batch",
            "voice", "voice_name", "state", "stage", "progress", "position", "estimate_seconds", "error",
            "source", "result", "stream", "ready_seconds", "used_index", "pitch_moved", "warnings",
            "facts", *OPTION_NAMES,
            "clip_start", "clip_seconds", "keep_days", "delete_after_download",
            "created_at", "started_at", "finished_at", "expires_at",
        )  # fmt: skip
        read_only_fields = fields

    @extend_schema_field(FailureSerializer(allow_null=True))
    def get_error(self, conversion: Conversion) -> dict[str, str] | None:
        if not conversion.error_code:
            return None
        return {"code": conversion.error_code, "message": conversion.error_message}

    @extend_schema_field(SoundSerializer(allow_null=True))
    def get_source(self, conversion: Conversion) -> dict[str, Any] | None:
        if not conversion.source:
            return None  # a worker makes it
        return {
            "url": self._url("source", conversion),
            "name": conversion.source_file_name,
            "media_type": conversion.source_type,
            "seconds": conversion.source_seconds,
            "rate": None,
        }

    @extend_schema_field(SoundSerializer(allow_null=True))
    def get_result(self, conversion: Conversion) -> dict[str, Any] | None:
        if not conversion.result:
            return None
        return {
            "url": self._url("result", conversion),
            "name": conversion.result_name,
            "media_type": conversion.result_type,
            "seconds": conversion.result_seconds,
            "rate": conversion.result_rate,
        }

    @extend_schema_field({"type": "string", "format": "uri"})
    def get_stream(self, conversion: Conversion) -> str:
        return self._url("stream", conversion)

    @extend_schema_field(FindingsSerializer)
    def get_facts(self, conversion: Conversion) -> Any:
        return FindingsSerializer(conversion, context=self.context).data

    def _url(self, name: str, conversion: Conversion) -> str:
        return reverse(f"api:conversion-{name}", args=[conversion.pk], request=self.context["request"])
