"""Statements of the hot path, written by hand: compiling them anew for each call costs more than running them."""

from __future__ import annotations

import json
import uuid
from datetime import UTC, datetime, timedelta
from typing import Any

from django.db import connection, transaction
from django.utils import timezone

_CLOCK = {
    "postgresql": {"now": "statement_timestamp()", "end": "statement_timestamp() + make_interval(secs => %(term)s)"},
    "sqlite": {"now": "%(now)s", "end": "%(end)s"},  # one machine, one clock
}


def in_dialect(sql: str, **parts: str) -> str:
    """The statement with its `{parts}`, among them `{now}` and `{end}` by the database's clock: see `term`."""
    return sql.format(**parts, **_CLOCK[connection.vendor])


def term(seconds: int) -> dict[str, Any]:
    """What a statement must know of time when its `{end}` lies that far from its `{now}`."""
    if connection.vendor == "postgresql":
        return {"term": seconds}
    now = timezone.now()
    return {"now": now, "end": now + timedelta(seconds=seconds)}


def adapt(value: Any) -> Any:
    """A Python value as the database at hand stores it."""
    if isinstance(value, uuid.UUID):
        return value if connection.features.has_native_uuid_field else value.hex
    if isinstance(value, datetime):
        return connection.ops.adapt_datetimefield_value(value)
    return json.dumps(value) if isinstance(value, dict | list) else value


def revive(value: Any) -> Any:
    """SQLite hands times out in UTC without saying so."""
    return value.replace(tzinfo=UTC) if isinstance(value, datetime) and value.tzinfo is None else value


def now_sql() -> str:
    """This moment by the clock of the database, as Django writes it."""
    return {"postgresql": "statement_timestamp()", "sqlite": "strftime('%%Y-%%m-%%d %%H:%%M:%%f', 'now')"}[
        connection.vendor
    ]


def execute(sql: str, params: dict[str, Any]) -> None:
    with connection.cursor() as cursor:
        cursor.execute(sql, {name: adapt(value) for name, value in params.items()})


def fetch_one(sql: str, params: dict[str, Any]) -> tuple | None:
    with connection.cursor() as cursor:
        cursor.execute(sql, {name: adapt(value) for name, value in params.items()})
        return cursor.fetchone()


def fetch_one_and(sql: str, columns: tuple[str, ...], then: str, params: dict[str, Any]) -> tuple | None:
    """The row that `sql` answers, beginning with `columns`, and in the same deed `then`, which reads it as `met`.

    On PostgreSQL both are one statement: no BEGIN, no COMMIT, and no lock that waits for us in between.
    """
    if connection.vendor == "postgresql":
        return fetch_one(f"WITH met AS ({sql}), did AS ({then}) SELECT * FROM met", params)  # noqa: S608 (both are ours)
    with transaction.atomic():
        row = fetch_one(sql, params)
        if row is None:
            return None
        met = {f"met_{column}": value for column, value in zip(columns, row, strict=False)}
        values = ", ".join(f"%({name})s" for name in met)
        execute(f"WITH met ({', '.join(columns)}) AS (VALUES ({values})) {then}", {**params, **met})
    return row
