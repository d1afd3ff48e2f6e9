from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand

from candidates.models import Candidate


class Command(BaseCommand):
    help = "Writes the search entries anew: of all candidates, or of those that have none."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--missing", action="store_true", help="only candidates without an entry")

    def handle(self, *, missing: bool, **_: Any) -> None:
        candidates = Candidate.objects.order_by("pk")
        if missing:
            candidates = candidates.filter(search_entry=None)
        ids = candidates.values_list("pk", flat=True).iterator(chunk_size=2000)
        self.stdout.write(f"candidates indexed: {sum(map(Candidate.index_again, ids))}")
