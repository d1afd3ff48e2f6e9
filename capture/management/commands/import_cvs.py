from __future__ import annotations

import sys
import unicodedata
from argparse import ArgumentParser
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from django.contrib.auth.models import User
from django.core.management.base import BaseCommand, CommandError

from capture.importing import bring
from capture.models import CVCapture
from uploads.errors import ContentMismatch
from uploads.fields import NAME_MAX, is_clean
from uploads.filetypes import cv_types, type_of

BAR = 30  # characters


class Command(BaseCommand):
    help = "Takes folders of CVs in, as captures of a user. Safe to end and to run again: what is there is skipped."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("paths", nargs="+", type=Path, metavar="PATH", help="a file or a folder tree")
        parser.add_argument("--user", required=True, help="who brings them")

    def handle(self, *, paths: list[Path], user: str, **_: Any) -> None:
        owner = User.objects.filter(username=user, is_active=True).first()
        if owner is None:
            raise CommandError("There is no active user of that name.")
        if absent := [str(path) for path in paths if not path.exists()]:
            raise CommandError(f"There is no {', '.join(absent)}.")
        files = sorted({file for path in paths for file in _files(path)})
        outcomes: Counter[str] = Counter()
        for done, file in enumerate(files, 1):
            outcome = _take_in(owner, file)
            outcomes[outcome] += 1
            if outcome.startswith("refused"):
                self.stderr.write(f"{file.name}: {outcome}")
            self._show(done, len(files))
        for outcome, count in sorted(outcomes.items()):
            self.stdout.write(f"{outcome}: {count}")

    def _show(self, done: int, total: int) -> None:
        if sys.stderr.isatty():
            filled = BAR * done // total
            self.stderr.write(f"\r[{'#' * filled}{'.' * (BAR - filled)}] {done} of {total}", ending="")
            if done == total:
                self.stderr.write("")


def _files(path: Path) -> Iterator[Path]:
    if path.is_file():
        yield path
    else:
        yield from (file for file in path.rglob("*") if file.is_file() and not file.name.startswith("."))


def _take_in(owner: User, path: Path) -> str:
    name = unicodedata.normalize("NFC", path.name)
    file_type = type_of(name, cv_types())
    if file_type is None:
        return "skipped, no CV type"
    if not is_clean(name) or len(name) > NAME_MAX:
        return "refused, the name cannot be kept"
    if not 0 < path.stat().st_size <= file_type.max_bytes:
        return "refused, empty or too large"
    try:
        with path.open("rb") as file:
            made = bring(owner, name, file, source=CVCapture.Source.IMPORT)[1]
    except ContentMismatch:
        return "refused, not what the name says"
    except OSError:
        return "refused, cannot be read"
    return "taken in" if made else "skipped, known"
