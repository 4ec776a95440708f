"""Fields of requests that take what the description says and nothing that looks like it.

The framework's own would read a number as a text and a text as a number.
"""

from __future__ import annotations

from typing import Any

from rest_framework import serializers
from rest_framework.exceptions import ValidationError


class Text(serializers.CharField):
    """A text; a number or a truth is none."""

    def to_internal_value(self, data: Any) -> str:
        """Return the text. Raises `ValidationError`."""
        if not isinstance(data, str):
            raise ValidationError("Not a text.")
        return super().to_internal_value(data)


class Whole(serializers.IntegerField):
    """A whole number; a text of digits is none."""

    def to_internal_value(self, data: Any) -> int:
        """Return the number. Raises `ValidationError`."""
        if isinstance(data, bool) or not isinstance(data, int | float):
            raise ValidationError("Not a whole number.")
        return int(super().to_internal_value(data))
