"""Strict fields: in JSON a number is a number and a text is a text; a form's digits are read.

Every message is a sentence of its own, because a lone one is the `detail` of the envelope.
"""

from __future__ import annotations

import re
import unicodedata
from datetime import UTC, datetime
from typing import Any

from django.http import QueryDict
from django.utils.dateparse import parse_datetime
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers
from rest_framework.fields import empty

NAME_MAX = 255
# Control, format (direction overrides among them), surrogate, private and unassigned characters, line separators.
_UNPRINTABLE = {"Cc", "Cs", "Co", "Cn", "Zl", "Zp"}
_DIRECTIONS = set("\u200e\u200f\u061c\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")


def is_form(field: serializers.Field) -> bool:
    return isinstance(getattr(field.root, "initial_data", None), QueryDict)


def is_clean(text: str) -> bool:
    """No character that forges a line, a direction or a path."""
    return not any(unicodedata.category(char) in _UNPRINTABLE or char in _DIRECTIONS for char in text)


class StrictInteger(serializers.IntegerField):
    default_error_messages = {"invalid": "A whole number is needed."}

    def to_internal_value(self, data: Any) -> int:
        if is_form(self) and isinstance(data, str) and re.fullmatch(r"-?[0-9]{1,30}", data):
            data = int(data)
        if type(data) is not int:
            self.fail("invalid")
        return data


class StrictText(serializers.CharField):
    default_error_messages = {"invalid": "A text is needed."}

    def to_internal_value(self, data: Any) -> str:
        if not isinstance(data, str):
            self.fail("invalid")
        return super().to_internal_value(data)


class StrictChoice(serializers.ChoiceField):
    """Its message names the choices, and never what was sent."""

    default_error_messages = {"invalid_choice": "One of these is needed: {choices}."}

    def to_internal_value(self, data: Any) -> Any:
        if not isinstance(data, str) or data not in self.choices:
            self.fail("invalid_choice", choices=", ".join(self.choices))
        return data


class StrictBoolean(serializers.BooleanField):
    default_error_messages = {"invalid": "true or false is needed."}

    def to_internal_value(self, data: Any) -> bool:
        if is_form(self) and data in ("true", "false"):
            data = data == "true"
        if not isinstance(data, bool):
            self.fail("invalid")
        return data


@extend_schema_field({"type": "string", "pattern": "^[0-9a-fA-F]{64}$"})
class Sha256(serializers.Field):
    """64 hex digits in any case; kept in lower case."""

    default_error_messages = {"invalid_hash": "Invalid hash format"}

    def run_validation(self, data: Any = empty) -> Any:
        if data is None or data == "":
            self.fail("invalid_hash")
        return super().run_validation(data)

    def to_internal_value(self, data: Any) -> str:
        if not isinstance(data, str) or not re.fullmatch(r"[0-9a-fA-F]{64}", data):
            self.fail("invalid_hash")
        return data.lower()

    def to_representation(self, value: str) -> str:
        return value


class FileName(StrictText):
    """A bare file name in NFC, as people give them: any script, spaces and brackets, but never a path."""

    default_error_messages = {
        "path": "A bare file name is needed, without a path.",
        "character": "The file name holds a character that no file name needs.",
    }

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(max_length=NAME_MAX, **kwargs)

    def to_internal_value(self, data: Any) -> str:
        if isinstance(data, str) and not is_clean(data):
            self.fail("character")
        name = unicodedata.normalize("NFC", super().to_internal_value(data))
        if "/" in name or "\\" in name or name in {".", ".."} or re.match(r"[A-Za-z]:", name):
            self.fail("path")
        return name


@extend_schema_field({"oneOf": [{"type": "integer"}, {"type": "string", "format": "date-time"}]})
class Moment(serializers.Field):
    """A time as Unix seconds or ISO 8601; None when it is no sensible time. Never a reason to refuse."""

    def to_internal_value(self, data: Any) -> datetime | None:
        try:
            if isinstance(data, int | float) and not isinstance(data, bool):
                return datetime.fromtimestamp(data, UTC)
            moment = parse_datetime(data) if isinstance(data, str) else None
            if moment is None:
                return None
            return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)
        except (ValueError, OverflowError, OSError):
            return None

    def to_representation(self, value: datetime) -> str:
        return value.isoformat()


@extend_schema_field({"type": "string"})
class SensibleText(serializers.Field):
    """An optional text, kept when it is a clean short one or a number, else dropped. Never a reason to refuse."""

    def __init__(self, *, max_length: int, **kwargs: Any) -> None:
        self.max_length = max_length
        super().__init__(required=False, default="", allow_null=True, **kwargs)

    def run_validation(self, data: Any = empty) -> str:
        return super().run_validation("" if data is None else data)

    def to_internal_value(self, data: Any) -> str:
        text = str(data).strip() if isinstance(data, str | int) and not isinstance(data, bool) else ""
        return text if len(text) <= self.max_length and is_clean(text) else ""

    def to_representation(self, value: str) -> str:
        return value
