"""manage.py reparse [--parser-older-than N] [--sample K] [--compare]: reads stored CVs again with this parser.

With --compare nothing is changed: a sample is read anew beside what is stored, and a table says what each field would
gain and lose. Without it the documents are queued; the sweep takes care of those a sleeping broker did not hear of.
"""

from __future__ import annotations

from argparse import ArgumentParser
from collections.abc import Iterator
from typing import Any

from django.core.management.base import BaseCommand

from parsing import PARSER_VERSION, Unreadable
from parsing.compare import KINDS, tally
from parsing.sandbox import read_safely
from parsing.tasks import fetched
from uploads.errors import HashMismatch, ObjectMissing, StoreUnavailable
from uploads.models import Document

Parse = Document.ParseStatus


class Command(BaseCommand):
    help = "Read stored CVs again with this parser, or show what it would change."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--parser-older-than", type=int, default=PARSER_VERSION, metavar="N", help="default: this one"
        )
        parser.add_argument("--sample", type=int, metavar="K", help="only K documents")
        parser.add_argument(
            "--compare", action="store_true", help="change nothing, show what each field gains and loses"
        )

    def handle(self, *args: Any, parser_older_than: int, sample: int | None, compare: bool, **options: Any) -> None:
        over = [Parse.COMPLETED] if compare else [Parse.COMPLETED, Parse.FAILED]
        documents = Document.objects.filter(parse_status__in=over, parser_version__lt=parser_older_than)
        documents = documents.order_by("pk")[:sample]  # ids are random, so the first of them are a fair sample
        if compare:
            self.compare(documents.iterator())
            return
        queued = sum(document.read_again() for document in documents.defer("text", "parsed").iterator())
        self.stdout.write(f"{queued} documents will be read again.")

    def compare(self, documents: Iterator[Document]) -> None:
        self.unreadable = 0
        counts = tally(self.readings(documents))
        self.stdout.write("field".ljust(24) + "".join(kind.rjust(10) for kind in KINDS))
        for field, kinds in counts.items():
            self.stdout.write(field.ljust(24) + "".join(str(kinds[kind]).rjust(10) for kind in KINDS))
        read = sum(next(iter(counts.values())).values()) if counts else 0
        self.stdout.write(f"{read} documents read by both, {self.unreadable} no longer readable.")

    def readings(self, documents: Iterator[Document]) -> Iterator[tuple[dict[str, Any], dict[str, Any]]]:
        for document in documents:
            try:
                with fetched(document) as path:
                    before = document.parsed or {}
                    today = before.get("meta", {}).get("as_of") or ""
                    yield before, read_safely(path, document.original_filename, today=today).fields
            except (Unreadable, ObjectMissing, HashMismatch, StoreUnavailable):
                self.unreadable += 1
