from __future__ import annotations

import re
from argparse import ArgumentParser, ArgumentTypeError
from datetime import timedelta
from typing import Any

from django.core.management.base import BaseCommand

from uploads.cleanup import Cleanup

UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}


def age(text: str) -> timedelta:
    """`24h`, `30m`, `7d` → a duration."""
    match = re.fullmatch(r"(\d+)([smhd])", text)
    if not match:
        raise ArgumentTypeError(f"{text} is no age: write for example 24h, 30m or 7d.")
    return timedelta(**{UNITS[match[2]]: int(match[1])})


class Command(BaseCommand):
    help = "Ends expired and failed uploads, removes orphaned objects, old versions and multipart leftovers."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--dry-run", action="store_true", help="say what would be done, and do nothing")
        parser.add_argument("--older-than", type=age, default=timedelta(hours=24), help="such as 24h (default), 7d")
        parser.add_argument("--batch", type=int, default=1000, help="rows or objects at a time")

    def handle(self, *, dry_run: bool, older_than: timedelta, batch: int, **_: Any) -> None:
        done = Cleanup(older_than, batch, dry_run).run()
        for what, count in done.items():
            self.stdout.write(f"{what}: {count}{' (dry run)' if dry_run else ''}")
