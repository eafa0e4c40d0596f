import pytest
from rest_framework import serializers
from rest_framework.exceptions import ValidationError

from conversions.option_fields import option_field
from voiceproject.api import StrictSerializer
from voiceproject.numbers import NumberField


class NoteSerializer(StrictSerializer):
    name = serializers.CharField()
    tags = serializers.ListField(child=serializers.CharField(), required=False)
    count = serializers.IntegerField(required=False)


@pytest.mark.parametrize("given", [True, False])
def test_what_is_true_is_no_number(given):
    for field in (NumberField(), option_field("loudness_mix")):
        with pytest.raises(ValidationError):
            field.run_validation(given)


@pytest.mark.parametrize(("given", "meant"), [(0, 0.0), (1, 1.0), (0.25, 0.25), ("0.25", 0.25)])
def test_a_number_is_one(given, meant):
    assert option_field("loudness_mix").run_validation(given) == meant


@pytest.mark.parametrize("given", [{"name": 0}, {"name": 1.5}, {"name": "a", "tags": ["b", 7]}])
def test_a_number_is_no_text(given):
    note = NoteSerializer(data=given)
    assert not note.is_valid()
    assert list(note.errors) == [list(given)[-1]]
    assert NoteSerializer(data={"name": "0", "tags": ["7"], "count": 7}).is_valid(raise_exception=True)
