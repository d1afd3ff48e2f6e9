"""Pages that begin after a row instead of after a number of rows: any page costs what the first one costs."""

from __future__ import annotations

import base64
import json
import sys
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import Any

from django.db import connection, models
from django.db.models import F, Q, QuerySet, TextField, Value
from django.db.models.functions import Coalesce
from django.utils.dateparse import parse_datetime

NEAR_LEAST, NEAR_EACH = 5_000, 40  # rows that are looked at first: at least, and for each row that is asked for


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
        name, step = ordering.removeprefix("-"), _step(ordering)
        value = _as_stored(field_of(model, name), value)
        strictly = Q(**{f"{name}__{step}": value})
        condition = Q(**{f"{name}__{step}e": value}) & (strictly | condition) if condition else strictly
    return condition


def stretches(
    rows: QuerySet, order: Sequence[str], after: Sequence[Any] | None
) -> Iterator[tuple[QuerySet, Sequence[str], Sequence[Any] | None]]:
    """(rows, order, after) of one or two lists that one after the other are the rows behind `after`.

    Of three fields the first is a state, which thousands of rows share: an index would be walked from where the state
    begins. Those of the same state are a list of their own, whose beginning the index knows.
    """
    if not after or len(order) < 3:
        yield rows, order, after
        return
    name = order[0].removeprefix("-")
    yield rows.filter(**{name: after[0]}), order[1:], after[1:]
    yield rows.filter(**{f"{name}__{_step(order[0])}": after[0]}), order, None


def first_rows(rows: QuerySet, order: Sequence[str], after: Sequence[Any] | None, count: int) -> list[Any]:
    """The first `count` rows of a filtered list, in that order, behind the one with the values `after`.

    A database plans a page as if what passes the filter were spread evenly over the table, and then walks the table to
    its end for what is rare or old; or it sorts all that passes where the first few would do. So the next few thousand
    rows are looked at first. Where these hold too little, everything that passes is fetched by the best index.
    """
    near = near_rows(rows, order, after, count)
    found = list(near[:count]) if near is not None else []
    return found if len(found) == count else list(all_rows(rows, order, after)[:count])


def near_rows(
    rows: QuerySet, order: Sequence[str], after: Sequence[Any] | None, count: int, most: int | None = None
) -> QuerySet | None:
    """Those among the next few thousand rows of the table, or the next `most`. None where the table ends before."""
    names = [name.removeprefix("-") for name in order]
    table = behind(rows.model._base_manager.order_by(*order), order, after)
    length = min(reach(count), most or sys.maxsize)
    end = table.values_list(*names)[length : length + 1].first()
    if end is None:
        return None
    if connection.vendor == "sqlite":  # it takes a list of ids first, whatever else is asked
        return rows.filter(pk__in=table.values("pk")[:length]).order_by(*order)
    # Bounded on both sides: only then does a plan that was made for any values take it for a few rows.
    begin = Q() if after else Q((f"{names[0]}__{_step(order[0])}e", table.values_list(names[0], flat=True).first()))
    near = behind(rows, order, after).filter(begin, beyond(rows.model, turned(order), end)).order_by(*order)
    near.query.walks = True  # type: ignore[attr-defined]  # for lookups that could be answered otherwise
    return near


def reach(count: int) -> int:
    """How many rows are looked at for `count` of them."""
    return max(NEAR_LEAST, NEAR_EACH * count)


def all_rows(rows: QuerySet, order: Sequence[str], after: Sequence[Any] | None) -> QuerySet:
    """In an order that no index gives where PostgreSQL might choose to walk it."""
    asked = map(by_no_index, order) if connection.vendor == "postgresql" else order
    return behind(rows, order, after).order_by(*asked)


def behind(rows: QuerySet, order: Sequence[str], after: Sequence[Any] | None) -> QuerySet:
    return rows.filter(beyond(rows.model, order, after)) if after else rows


def by_no_index(ordering: str) -> models.expressions.OrderBy:
    """The same order, but as no index gives it: all that is asked for is fetched first."""
    name = ordering.removeprefix("-")
    value = Coalesce(F(name), F(name))
    return value.desc() if ordering.startswith("-") else value.asc()


def _step(ordering: str) -> str:
    return "lt" if ordering.startswith("-") else "gt"


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
