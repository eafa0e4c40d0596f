"""Numbers as the API takes them."""

from typing import Any

from rest_framework import serializers


class NumberField(serializers.FloatField):
    """A number of the request, whole or not. `true` and `false` are none, though Python counts with them."""

    def to_internal_value(self, data: Any) -> float:
        if isinstance(data, bool):
            self.fail("invalid")
        return super().to_internal_value(data)
