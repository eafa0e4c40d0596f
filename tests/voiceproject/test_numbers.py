import pytest
from rest_framework.exceptions import ValidationError

from conversions.option_fields import option_field
from voiceproject.numbers import NumberField


@pytest.mark.parametrize("given", [True, False])
def test_what_is_true_is_no_number(given):
    for field in (NumberField(), option_field("loudness_mix")):
        with pytest.raises(ValidationError):
            field.run_validation(given)


@pytest.mark.parametrize(("given", "meant"), [(0, 0.0), (1, 1.0), (0.25, 0.25), ("0.25", 0.25)])
def test_a_number_is_one(given, meant):
    assert option_field("loudness_mix").run_validation(given) == meant
