from typing import Any, cast

from django.conf import settings
from django.contrib.auth.models import AnonymousUser, User
from django.core.exceptions import ValidationError as Refused
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers
from rest_framework.reverse import reverse

from models_app.forms import name_from_file
from models_app.models import FavouriteVoice, Visibility, VoiceEvent, VoiceModel, tags_from_text
from models_app.speakers import checked_names
from models_app.upkeep_forms import groups_offered, people_named
from rvc.errors import OptionError
from rvc.voicefile.speakers import LONGEST_SPEAKER_NAME
from voiceproject.api import StrictSerializer
from voiceproject.numbers import NumberField

WRITABLE = (
    "name", "description", "tags", "language", "visibility", "people", "groups", "licence", "origin", "quality",
    "consent_statement", "recommended", "usual_f0", "speaker_names",
)  # fmt: skip


class FoundSerializer(serializers.Serializer[Any]):
    name = serializers.CharField()
    bytes = serializers.IntegerField()
    kind = serializers.ChoiceField(choices=("voice", "index", "other"))
    taken = serializers.BooleanField()
    why = serializers.CharField(help_text="Why it was taken or passed over.")
    sha256 = serializers.CharField(allow_blank=True, help_text="Of what was taken.")


class PartSerializer(serializers.Serializer[Any]):
    id = serializers.UUIDField()
    name = serializers.CharField()
    sha256 = serializers.CharField()
    share = serializers.FloatField(help_text="0 to 1.")


class TensorsSerializer(serializers.Serializer[Any]):
    count = serializers.IntegerField()
    numbers = serializers.IntegerField(help_text="How many numbers they hold together.")
    types = serializers.ListField(child=serializers.CharField())


class ReportSerializer(serializers.Serializer[Any]):
    zip = serializers.BooleanField(help_text="Whether the upload was an archive.")
    sha256 = serializers.CharField(help_text="Of the uploaded file.")
    files = FoundSerializer(many=True)
    tensors = TensorsSerializer(required=False)
    blend = PartSerializer(many=True, required=False, help_text="Of a blend: the two voices it was made of.")


class EventSerializer(serializers.ModelSerializer[VoiceEvent]):
    who = serializers.CharField(source="actor_name", help_text="Empty: the command line.")

    class Meta:
        model = VoiceEvent
        fields = ("at", "who", "action", "details")


class TagsField(serializers.ListField):
    """A list of words; a form sends the field once for each of them."""

    def __init__(self, **kwargs: Any) -> None:
        child = serializers.CharField(allow_blank=True)
        super().__init__(child=child, required=False, help_text="Words to find it by.", **kwargs)

    def to_internal_value(self, data: Any) -> list[str]:
        try:
            return tags_from_text(",".join(super().to_internal_value(data)))
        except Refused as error:
            raise serializers.ValidationError(error.messages) from error

    def to_representation(self, data: Any) -> list[str]:
        return data if isinstance(data, list) else [tag.name for tag in data.all()]


class NamesField(serializers.ListField):
    """Whom a voice is shared with by name: its owner's to know, and to say."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(child=serializers.CharField(max_length=150), required=False, **kwargs)

    def to_representation(self, data: Any) -> list[str]:
        known = data.instance.editable_by(self.context["request"].user)
        return [str(named) for named in data.all()] if known else []


class SpeakerSerializer(StrictSerializer):
    id = serializers.IntegerField(
        min_value=0, help_text="Its number, which the option `speaker` of a conversion takes."
    )
    name = serializers.CharField(
        max_length=LONGEST_SPEAKER_NAME, allow_blank=True, help_text="Empty takes its name away."
    )


class SpeakersField(serializers.ListField):
    """The speakers of a voice that have a name."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(child=SpeakerSerializer(), required=False, **kwargs)

    def to_representation(self, data: Any) -> list[dict[str, Any]]:
        return [{"id": int(number), "name": name} for number, name in data.items()]


class VoiceSerializer(StrictSerializer, serializers.ModelSerializer[VoiceModel]):
    owner = serializers.CharField(source="owner.username", default=None, read_only=True, allow_null=True)
    editable = serializers.SerializerMethodField(help_text="Whether you may change or delete it.")
    favourite = serializers.SerializerMethodField(help_text="Whether it has your star.")
    tags = TagsField()
    people = NamesField(help_text="User names; for its owner alone.")
    groups = NamesField(help_text="Names of groups that you are in; for its owner alone.")
    needs = serializers.CharField(
        source="missing_asset", read_only=True, allow_null=True, help_text="The content encoder that is not installed."
    )
    has_index = serializers.BooleanField(read_only=True)
    vocoder = serializers.CharField(source="facts.vocoder", default="", read_only=True)
    cover = serializers.SerializerMethodField(help_text="Address of its picture; null where it has none.")
    preview = serializers.SerializerMethodField(help_text="Address of a sentence in this voice; null until it is made.")
    recommended = serializers.DictField(required=False, help_text="Conversion options that it is used with by default.")
    speaker_names = SpeakersField(
        help_text="Those of its speakers that have a name; `speakers` says how many there are. Sent: the new list."
    )
    consent_by = serializers.CharField(source="consent_by.username", default=None, read_only=True, allow_null=True)
    report = serializers.SerializerMethodField(help_text="What was found in the upload; for its owner alone.")

    class Meta:
        model = VoiceModel
        fields = (
            "id", "name", "slug", "description", "tags", "language", "visibility", "people", "groups", "owner",
            "editable", "favourite", "version", "f0", "sample_rate", "speakers", "speaker_names", "vocoder", "encoder",
            "needs", "state", "state_message", "preview", "cover", "has_index", "licence", "origin", "quality",
            "consent_statement", "consent_by", "consent_at", "recommended", "usual_f0", "use_count", "report",
            "size_bytes", "created_at",
        )  # fmt: skip
        read_only_fields = tuple({*fields} - {*WRITABLE})

    def _user(self) -> User | AnonymousUser:
        user: User | AnonymousUser = self.context["request"].user
        return user

    def _voice(self) -> VoiceModel:
        """The voice that is changed: only one that is there is written with this serializer."""
        return cast("VoiceModel", self.instance)

    def get_editable(self, voice: VoiceModel) -> bool:
        return voice.editable_by(self._user())

    def get_favourite(self, voice: VoiceModel) -> bool:
        if not hasattr(voice, "starred"):  # it was made just now, or changed
            return FavouriteVoice.objects.filter(owner_id=self._user().pk, voice=voice).exists()
        return bool(voice.starred)

    @extend_schema_field(serializers.URLField(allow_null=True))
    def get_cover(self, voice: VoiceModel) -> str | None:
        return self._address("cover", voice) if voice.cover else None

    @extend_schema_field(serializers.URLField(allow_null=True))
    def get_preview(self, voice: VoiceModel) -> str | None:
        return self._address("preview", voice) if voice.preview else None

    def _address(self, what: str, voice: VoiceModel) -> str:
        return reverse(f"api:voice-{what}", args=[voice.pk], request=self.context["request"])

    @extend_schema_field(ReportSerializer(allow_null=True))
    def get_report(self, voice: VoiceModel) -> dict[str, Any] | None:
        return voice.report if voice.report and self.get_editable(voice) else None

    def validate_consent_statement(self, text: str) -> str:
        if settings.REQUIRE_CONSENT and not text.strip():
            raise serializers.ValidationError("Say why you may use this voice.")
        return text.strip()

    def validate_people(self, names: list[str]) -> list[User]:
        try:
            return people_named(names)
        except Refused as error:
            raise serializers.ValidationError(error.messages) from error

    def validate_groups(self, names: list[str]) -> list[Any]:
        offered = {group.name: group for group in groups_offered(self._user(), self._voice())}
        for name in names:
            if name not in offered:
                raise serializers.ValidationError(f"You are in no group called “{name[:60]}”.")
        return [offered[name] for name in names]

    def validate_recommended(self, values: dict[str, Any]) -> dict[str, Any]:
        try:
            self._voice().checked_options(values)
        except OptionError as error:
            raise serializers.ValidationError(error.message) from error
        return values

    def validate_speaker_names(self, said: list[dict[str, Any]]) -> dict[str, str]:
        if any({*speaker} != {"id", "name"} for speaker in said):  # a PATCH requires nothing, here neither
            raise serializers.ValidationError("Each speaker needs its id and its name.")
        try:
            return checked_names(((speaker["id"], speaker["name"]) for speaker in said), self._voice().speakers)
        except Refused as error:
            raise serializers.ValidationError(error.messages) from error

    def update(self, voice: VoiceModel, said: dict[str, Any]) -> VoiceModel:
        user: Any = self._user()
        sharing = {name: said.pop(name) for name in ("people", "groups") if name in said}
        visibility = said.pop("visibility", voice.visibility)
        voice.edit(user, **said)
        voice.share(user, visibility, **sharing)
        return VoiceModel.objects.get(pk=voice.pk)


class NewVoiceSerializer(StrictSerializer, serializers.ModelSerializer[VoiceModel]):
    checkpoint = serializers.FileField(allow_empty_file=True, help_text="A .pth, .safetensors, .onnx or .zip file.")
    index = serializers.FileField(
        required=False, allow_empty_file=True, help_text="The .index file that came with the voice."
    )
    name = serializers.CharField(max_length=120, required=False, help_text="Left out, the file's name is used.")
    tags = TagsField()
    visibility = serializers.ChoiceField(choices=Visibility.choices, required=False, default=Visibility.PRIVATE)

    class Meta:
        model = VoiceModel
        fields = (
            "checkpoint", "index", "name", "description", "tags", "language", "licence", "origin",
            "consent_statement", "visibility",
        )  # fmt: skip

    def validate(self, said: dict[str, Any]) -> dict[str, Any]:
        if settings.REQUIRE_CONSENT and not said.get("consent_statement", "").strip():
            raise serializers.ValidationError({"consent_statement": "Say why you may use this voice."})
        return said

    def create(self, validated_data: dict[str, Any]) -> VoiceModel:
        validated_data.setdefault("name", name_from_file(validated_data["checkpoint"].name))
        return VoiceModel.objects.add(**validated_data)


class BlendSerializer(StrictSerializer):
    """Two voices that you may export, and how much of the first."""

    first = serializers.PrimaryKeyRelatedField(
        queryset=VoiceModel.objects.none(), pk_field=serializers.UUIDField(), help_text="Id of a voice of yours."
    )
    second = serializers.PrimaryKeyRelatedField(
        queryset=VoiceModel.objects.none(), pk_field=serializers.UUIDField(), help_text="Id of another."
    )
    share = NumberField(min_value=0.01, max_value=0.99, default=0.5, help_text="How much of the first, 0.01 to 0.99.")
    name = serializers.CharField(max_length=120, required=False, help_text="Left out, both names.")

    def get_fields(self) -> dict[str, Any]:
        declared: dict[str, Any] = super().get_fields()
        if "request" in self.context:
            for name in ("first", "second"):
                declared[name].queryset = VoiceModel.objects.blendable_by(self.context["request"].user)
        return declared


class CoverSerializer(StrictSerializer):
    cover = serializers.FileField(allow_empty_file=True, help_text="A PNG, JPEG, WebP or GIF.")


class IndexSerializer(StrictSerializer):
    index = serializers.FileField(allow_empty_file=True, help_text="A .index file for this voice.")
