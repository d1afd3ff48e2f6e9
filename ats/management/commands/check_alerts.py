from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand

from ats.alerts import raise_alerts


class Command(BaseCommand):
    help = "Compares the last hour with the thresholds, and says what crossed them by log and mail."

    def handle(self, **_: Any) -> None:
        for sentence in raise_alerts() or ["Everything is within its bounds."]:
            self.stdout.write(sentence)
