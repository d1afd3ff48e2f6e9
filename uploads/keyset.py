"""Pages that begin after a row instead of after a number of rows: any page costs what the first one costs."""

from __future__ import annotations

import base64
import json
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from django.db import connection, models
from django.db.models import Q, TextField, Value
from django.utils.dateparse import parse_datetime


def encode_cursor(values: Sequence[Any]) -> str:
    """base64url of JSON: the last row seen, by what it is ordered by."""
    return base64.urlsafe_b64encode(json.dumps(values).encode()).decode().rstrip("=")


def decode_cursor(cursor: str) -> list[Any]:
    """What `encode_cursor` wrote. Raises ValueError for a text that it cannot have written for any row."""
    try:
        values = json.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
        written = json.dumps(values, ensure_ascii=False)
    except RecursionError:
        raise ValueError("nested too deeply") from None
    written.encode()  # fails on half a character; neither it nor NUL is in any row
    if not isinstance(values, list) or r"\u0000" in written:
        raise ValueError("no values of a row")
    return values


def revived(field: models.Field, text: Any) -> Any:
    """What `value_to_string` wrote of a column. Raises ValueError or ValidationError."""
    if not isinstance(text, str):
        raise ValueError("no text")
    return moment_of(text) if isinstance(field, models.DateTimeField) else field.to_python(text)


def moment_of(text: str) -> datetime:
    """A time with its zone, in UTC. Raises ValueError."""
    moment = parse_datetime(text)
    if moment is None or moment.tzinfo is None:
        raise ValueError("no time")
    try:
        return moment.astimezone(UTC)
    except OverflowError:
        raise ValueError("out of all time") from None


def beyond(model: type[models.Model], order: Sequence[str], values: Sequence[Any]) -> Q:
    """The rows that come after one with these values. `order` as for `order_by`, its last field unique.

    Written so that an index on the first field is walked.
    """
    condition = Q()
    for ordering, value in reversed(list(zip(order, values, strict=True))):
        name, step = ordering.removeprefix("-"), "lt" if ordering.startswith("-") else "gt"
        value = _as_stored(field_of(model, name), value)
        strictly = Q(**{f"{name}__{step}": value})
        condition = Q(**{f"{name}__{step}e": value}) & (strictly | condition) if condition else strictly
    return condition


def turned(order: Sequence[str]) -> list[str]:
    """The same order, upside down."""
    return [field.removeprefix("-") if field.startswith("-") else f"-{field}" for field in order]


def field_of(model: type[models.Model], name: str) -> models.Field:
    found = model._meta.pk if name == "pk" else model._meta.get_field(name)
    assert isinstance(found, models.Field)
    return found


def _as_stored(field: models.Field, value: Any) -> Any:
    """SQLite compares times as texts, and its own clock, which writes some columns, knows milliseconds."""
    if connection.vendor == "sqlite" and isinstance(value, datetime) and field.has_db_default():
        return Value(f"{value:%Y-%m-%d %H:%M:%S}.{value.microsecond // 1000:03d}", output_field=TextField())
    return value
