from __future__ import annotations

from argparse import ArgumentParser
from datetime import timedelta
from typing import Any

from django.core.management.base import BaseCommand

from capture.receipts import PATIENCE, reconcile


class Command(BaseCommand):
    help = "Proves objects that arrived without their closing call, and captures them."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--patience", type=int, default=PATIENCE.seconds, help="seconds a client has to say so itself"
        )

    def handle(self, *, patience: int, **_: Any) -> None:
        for what, count in reconcile(timedelta(seconds=patience)).items():
            self.stdout.write(f"{what}: {count}")
