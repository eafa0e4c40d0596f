"""What was measured of a recording and its result: as the API says it, and in words."""

import math
from collections.abc import Mapping
from typing import Any

from django.db.models import TextChoices
from django.utils.formats import number_format
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers
from rest_framework.reverse import reverse

from conversions.models import Conversion

NOTES = ("C", "C♯", "D", "D♯", "E", "F", "F♯", "G", "G♯", "A", "A♯", "B")
A4_HZ, A4_NUMBER = 440.0, 69
SAME_SEMITONES = 0.5
"""Less than this is no change of pitch that one speaks of."""


class IndexReason(TextChoices):
    """Why no index was used."""

    RATE_ZERO = "rate_zero", gettext_lazy("not used: its strength was set to 0")
    VOICE_HAS_NONE = "voice_has_none", gettext_lazy("not used: this voice has none")


class PitchSerializer(serializers.Serializer[Any]):
    """Of the voiced frames, nine tenths of which lie between `low_hz` and `high_hz`; null where none is voiced."""

    median_hz = serializers.FloatField(allow_null=True)
    low_hz = serializers.FloatField(allow_null=True, help_text="5th percentile.")
    high_hz = serializers.FloatField(allow_null=True, help_text="95th percentile.")
    voiced_share = serializers.FloatField(help_text="0 to 1, of all frames.")
    method = serializers.CharField(help_text="The pitch method that heard it.")


class MeasuredSerializer(serializers.Serializer[Any]):
    seconds = serializers.FloatField()
    level_db = serializers.FloatField(allow_null=True, help_text="RMS, dB below full scale; null for silence.")
    peak_db = serializers.FloatField(allow_null=True, help_text="dB below full scale; null for silence.")
    clipped = serializers.IntegerField(help_text="Samples at full scale.")
    pitch = PitchSerializer(allow_null=True)


class UsedIndexSerializer(serializers.Serializer[Any]):
    name = serializers.CharField(required=False, help_text="Its file, as it was brought.")
    vectors = serializers.IntegerField(required=False)
    reason = serializers.ChoiceField(IndexReason.choices, required=False, help_text="Why none was used.")


class FindingsSerializer(serializers.Serializer[Conversion]):
    """What was measured while it was made; null for what is not known, as before the end."""

    source = serializers.SerializerMethodField()  # type: ignore[assignment]
    result = serializers.SerializerMethodField()
    index = serializers.SerializerMethodField()
    f0_method = serializers.SerializerMethodField()
    device = serializers.SerializerMethodField()
    timings = serializers.SerializerMethodField()
    picture = serializers.SerializerMethodField()

    @extend_schema_field(MeasuredSerializer(allow_null=True))
    def get_source(self, conversion: Conversion) -> Any:
        return sound_of(conversion, "source")

    @extend_schema_field(MeasuredSerializer(allow_null=True))
    def get_result(self, conversion: Conversion) -> Any:
        return sound_of(conversion, "result")

    @extend_schema_field(UsedIndexSerializer(allow_null=True))
    def get_index(self, conversion: Conversion) -> Any:
        return conversion.facts.get("index")

    @extend_schema_field({"type": "string", "nullable": True, "description": "The one that was taken."})
    def get_f0_method(self, conversion: Conversion) -> Any:
        return conversion.facts.get("f0_method")

    @extend_schema_field({"type": "string", "nullable": True})
    def get_device(self, conversion: Conversion) -> Any:
        return conversion.facts.get("device")

    @extend_schema_field({"type": "object", "additionalProperties": {"type": "number"}, "description": "Seconds."})
    def get_timings(self, conversion: Conversion) -> Any:
        return conversion.facts.get("timings", {})

    @extend_schema_field({"type": "string", "format": "uri", "nullable": True, "description": "A PNG, see the docs."})
    def get_picture(self, conversion: Conversion) -> str | None:
        if not conversion.picture:
            return None
        return reverse("api:conversion-picture", args=[conversion.pk], request=self.context.get("request"))


def sound_of(conversion: Conversion, side: str) -> dict[str, Any] | None:
    """What was measured of `source` or `result`; None for conversions from before it was."""
    found: dict[str, Any] | None = conversion.facts.get("sound", {}).get(side)
    return found


def note(hertz: float) -> str:
    """The nearest note: 440 Hz is A4."""
    number = round(A4_NUMBER + 12 * math.log2(hertz / A4_HZ))
    return f"{NOTES[number % 12]}{number // 12 - 1}"


def hertz_words(hertz: float) -> str:
    return _("%(hertz)d Hz (%(note)s)") % {"hertz": round(hertz), "note": note(hertz)}


def pitch_words(conversion: Conversion) -> str:
    """What became of the pitch, in one sentence; empty where it is not known of both."""
    before, after = (_median(conversion, side) for side in ("source", "result"))
    if before is None or after is None:
        return ""
    semitones = 12 * math.log2(after / before)
    said = {"before": hertz_words(before), "after": hertz_words(after)}
    if abs(semitones) < SAME_SEMITONES:
        return _("The pitch stayed: %(before)s before, %(after)s after.") % said
    said["interval"] = _interval(abs(semitones))
    if semitones > 0:
        return _("The pitch rose from %(before)s to %(after)s, %(interval)s higher.") % said
    return _("The pitch fell from %(before)s to %(after)s, %(interval)s lower.") % said


def _median(conversion: Conversion, side: str) -> float | None:
    pitch: Mapping[str, float | None] = (sound_of(conversion, side) or {}).get("pitch") or {}
    return pitch.get("median_hz")


def _interval(semitones: float) -> str:
    count = round(semitones)
    return ngettext("%(count)d semitone", "%(count)d semitones", count) % {"count": count}


def findings(conversion: Conversion) -> list[tuple[str, str, str]]:
    """Label, words of the recording and words of the result for everything that was measured."""
    sides = [sound_of(conversion, side) for side in ("source", "result")]
    if None in sides:
        return []
    rows = [(label, *(words(side) for side in sides)) for label, words in _rows()]
    return [(str(label), before, after) for label, before, after in rows if before or after]


def table(conversion: Conversion) -> SafeString | str:
    """The same for the administration; a dash where nothing was measured."""
    rows = format_html_join("", "<tr><th>{}</th><td>{}</td><td>{}</td></tr>", findings(conversion))
    head = format_html("<tr><th></th><th>{}</th><th>{}</th></tr>", _("Recording"), _("Result"))
    words = format_html("<p>{}</p><p>{}: {}</p>", pitch_words(conversion), _("Index"), index_words(conversion))
    return format_html("<table>{}{}</table>{}", head, rows, words) if rows else "–"


def _rows() -> tuple[tuple[str, Any], ...]:
    return (
        (_("Length"), lambda side: _("%(seconds)s s") % {"seconds": number_format(side["seconds"], 2)}),
        (_("Level"), lambda side: _level(side["level_db"])),
        (_("Peak"), lambda side: _level(side["peak_db"])),
        (_("Clipping"), _clipping),
        (_("Middle pitch"), lambda side: _pitch(side, "median_hz")),
        (_("Pitch range"), _range),
        (_("Voiced"), _voiced),
    )


def _level(decibels: float | None) -> str:
    return _("silent") if decibels is None else _("%(level)s dBFS") % {"level": _signed(decibels)}


def _signed(number: float) -> str:
    return number_format(number, 1).replace("-", "−")


def _clipping(side: Mapping[str, Any]) -> str:
    count = side["clipped"]
    if not count:
        return _("none")
    words = ngettext("%(count)s sample at full scale", "%(count)s samples at full scale", count)
    return words % {"count": number_format(count, force_grouping=True)}


def _pitch(side: Mapping[str, Any], name: str) -> str:
    hertz = (side["pitch"] or {}).get(name)
    return "" if hertz is None else hertz_words(hertz)


def _range(side: Mapping[str, Any]) -> str:
    low, high = _pitch(side, "low_hz"), _pitch(side, "high_hz")
    return _("%(low)s to %(high)s") % {"low": low, "high": high} if low else ""


def _voiced(side: Mapping[str, Any]) -> str:
    if not side["pitch"]:
        return ""
    return _("%(percent)d %% of the time") % {"percent": round(100 * side["pitch"]["voiced_share"])}


def index_words(conversion: Conversion) -> str:
    """Which index was used, or why none was."""
    index = conversion.facts.get("index")
    if index is None:
        return _("used") if conversion.used_index else _("not used")
    if reason := index.get("reason"):
        return str(IndexReason(reason).label)
    vectors = number_format(index["vectors"], force_grouping=True)
    said = {"name": index["name"], "vectors": vectors, "rate": number_format(conversion.index_rate, 2)}
    if not said["name"]:
        return _("%(vectors)s vectors, at a strength of %(rate)s") % said
    return _("%(name)s: %(vectors)s vectors, at a strength of %(rate)s") % said
