from __future__ import annotations

from argparse import ArgumentParser
from datetime import timedelta
from typing import Any

from django.core.management.base import BaseCommand

from candidates.erasing import Grown, LegalHold, erase
from candidates.models import Candidate
from uploads.management.commands.cleanup_uploads import age


class Command(BaseCommand):
    help = "Erases candidates who were rejected long ago. Those under a legal hold stay."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--rejected-older-than", type=age, required=True, help="such as 180d")
        parser.add_argument("--dry-run", action="store_true", help="say who would be erased, and do nothing")

    def handle(self, *, rejected_older_than: timedelta, dry_run: bool, **_: Any) -> None:
        old = Candidate.objects.rejected_before(rejected_older_than)
        held = old.filter(legal_hold=True).count()
        erased = 0
        for candidate_id in list(old.filter(legal_hold=False).order_by("pk").values_list("pk", flat=True)):
            if dry_run:
                self.stdout.write(f"candidate {candidate_id} would be erased")
                erased += 1
            else:
                erased += _erase(candidate_id)
        note = " (dry run)" if dry_run else ""
        self.stdout.write(f"candidates erased: {erased}{note}; under a legal hold: {held}")


def _erase(candidate_id: int) -> bool:
    try:
        return erase(candidate_id, None) is not None
    except (LegalHold, Grown):  # since we looked
        return False
