from __future__ import annotations

from argparse import ArgumentParser
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

from axes.models import AccessAttempt, AccessLog
from django.conf import settings
from django.contrib.sessions.models import Session
from django.core.management.base import BaseCommand
from django.db import connection
from django.db.models import Model, QuerySet
from django.utils import timezone

from uploads.models import ErrorLog, RequestTrace

STRETCH = {"postgresql": 100, "sqlite": 5000}  # pages of the table, rows of it
# Where a table begins and ends, which of its rows lie between two places, and how a place is written.
_LYING = {
    "postgresql": (
        "SELECT 0, pg_relation_size('{table}'::regclass) / current_setting('block_size')::int",
        "{table}.ctid >= %s::tid AND {table}.ctid < %s::tid",
        "({},0)",
    ),
    "sqlite": ("SELECT MIN(rowid), MAX(rowid) FROM {table}", "{table}.rowid >= %s AND {table}.rowid < %s", "{}"),
}
# The axes rows hold names, addresses and browsers of those who signed in or tried to.
DATED: list[tuple[type[Model], str]] = [
    (RequestTrace, "created_at"),
    (ErrorLog, "created_at"),
    (AccessAttempt, "attempt_time"),
    (AccessLog, "attempt_time"),
]


class Command(BaseCommand):
    help = (
        "Removes rows of the ledger and of signing in older than LEDGER_DAYS, sessions that have ended, and log files "
        "older than LOG_DAYS."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--dry-run", action="store_true", help="say what would be done, and do nothing")

    def handle(self, *, dry_run: bool, **_: Any) -> None:
        note = " (dry run)" if dry_run else ""
        now = timezone.now()
        old = now - timedelta(days=settings.LEDGER_DAYS)
        terms: list[tuple[type[Model], str, datetime]] = [(model, column, old) for model, column in DATED]
        terms.append((Session, "expire_date", now))
        for model, column, before in terms:
            removed = prune_rows(model._default_manager.filter(**{f"{column}__lt": before}), dry_run)
            self.stdout.write(f"{model._meta.db_table} rows removed: {removed}{note}")
        self.stdout.write(f"log files removed: {prune_logs(dry_run)}{note}")


def prune_rows(old: QuerySet, dry_run: bool) -> int:
    return old.count() if dry_run else sum(stretch.delete()[0] for stretch in stretches(old))


def stretches(rows: QuerySet) -> Iterator[QuerySet]:
    """The rows as they lie in their table, a few thousand at a time: short statements, so that nobody waits for a lock,
    and none goes through what another has emptied."""
    ends, where, place = _LYING[connection.vendor]
    table, length = connection.ops.quote_name(rows.model._meta.db_table), STRETCH[connection.vendor]
    with connection.cursor() as cursor:
        cursor.execute(ends.format(table=table))
        first, last = cursor.fetchone()
    for start in range(first or 0, (last or 0) + 1, length):
        asked = [place.format(start), place.format(start + length)]
        yield rows.extra(where=[where.format(table=table)], params=asked)  # noqa: S610 (our own words)


def prune_logs(dry_run: bool) -> int:
    """Daily files carry their date in their name: `cv-capture-2025-11-10.log`."""
    oldest = timezone.now().date() - timedelta(days=settings.LOG_DAYS)
    old = [path for path in Path(settings.LOG_DIR).glob("*-????-??-??.log") if _date(path) < oldest]
    for path in old:
        if not dry_run:
            path.unlink(missing_ok=True)
    return len(old)


def _date(path: Path) -> date:
    try:
        return date.fromisoformat(path.stem[-10:])
    except ValueError:
        return date.max
