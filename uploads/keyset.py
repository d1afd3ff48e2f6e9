"""Pages that begin after a row instead of after a number of rows: any page costs what the first one costs."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.db import connection, models
from django.db.models import Q, TextField, Value


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
