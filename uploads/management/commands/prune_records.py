from __future__ import annotations

from argparse import ArgumentParser
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand
from django.db.models import Model
from django.utils import timezone

from uploads.models import ErrorLog, RequestTrace

BATCH = 5000


class Command(BaseCommand):
    help = "Removes ledger rows older than LEDGER_DAYS and log files older than LOG_DAYS."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--dry-run", action="store_true", help="say what would be done, and do nothing")

    def handle(self, *, dry_run: bool, **_: Any) -> None:
        note = " (dry run)" if dry_run else ""
        for model in (RequestTrace, ErrorLog):
            self.stdout.write(f"{model._meta.db_table} rows removed: {prune_rows(model, dry_run)}{note}")
        self.stdout.write(f"log files removed: {prune_logs(dry_run)}{note}")


def prune_rows(model: type[Model], dry_run: bool) -> int:
    old = model._default_manager.filter(created_at__lt=timezone.now() - timedelta(days=settings.LEDGER_DAYS))
    if dry_run:
        return old.count()
    removed = 0
    # Short statements, so that nobody waits for a lock.
    while ids := list(old.order_by("pk").values_list("pk", flat=True)[:BATCH]):
        removed += model._default_manager.filter(pk__in=ids).delete()[0]
    return removed


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
