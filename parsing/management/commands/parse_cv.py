"""manage.py parse_cv FILE… [--format json|table] [--explain]: reads CVs without a database."""

from __future__ import annotations

import json
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand

from parsing import Unreadable
from parsing.sandbox import read_safely


class Command(BaseCommand):
    help = "Read CV files and print what they say; needs no database."
    requires_system_checks: list[str] = []
    requires_migrations_checks = False

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("files", nargs="+", metavar="FILE")
        parser.add_argument("--format", choices=["json", "table"], default="json")
        parser.add_argument(
            "--explain", action="store_true", help="add the rule, confidence, page and box of every value"
        )
        parser.add_argument("--ocr", action="store_true", help="read scans with Tesseract when it is installed")

    def handle(self, *args: Any, files: list[str], format: str, explain: bool, ocr: bool, **options: Any) -> None:
        failed = False
        for file in files:
            record = self.read(file, explain, ocr)
            failed = failed or "error" in record
            self.stdout.write(json.dumps(record, ensure_ascii=False) if format == "json" else table(record))
        if failed:
            raise SystemExit(1)

    def read(self, file: str, explain: bool, ocr: bool) -> dict[str, Any]:
        try:
            if not Path(file).is_file():
                raise Unreadable("damaged", "There is no such file.")
            fields = read_safely(file, Path(file).name, ocr=ocr, explain=explain).fields
        except Unreadable as unreadable:
            return {"file": file, "error": unreadable.reason, "code": unreadable.code}
        return {"file": file, **fields}


def table(record: dict[str, Any]) -> str:
    """One value a line: its path in the record, and the value."""
    return "\n".join(f"{path:32} {value}" for path, value in _flat(record, "")) + "\n"


def _flat(value: Any, path: str) -> list[tuple[str, Any]]:
    if isinstance(value, dict):
        return [pair for key, part in value.items() for pair in _flat(part, f"{path}.{key}" if path else key)]
    if isinstance(value, list):
        return [pair for index, part in enumerate(value) for pair in _flat(part, f"{path}[{index}]")]
    return [] if value in (None, "") else [(path, value)]
