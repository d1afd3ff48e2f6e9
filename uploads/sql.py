"""Statements of the hot path, written by hand: compiling them anew for each call costs more than running them."""

from __future__ import annotations

import json
import uuid
from datetime import UTC, datetime
from typing import Any

from django.db import connection


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


def execute(sql: str, params: dict[str, Any]) -> None:
    with connection.cursor() as cursor:
        cursor.execute(sql, {name: adapt(value) for name, value in params.items()})


def fetch_one(sql: str, params: dict[str, Any]) -> tuple | None:
    with connection.cursor() as cursor:
        cursor.execute(sql, {name: adapt(value) for name, value in params.items()})
        return cursor.fetchone()
