from __future__ import annotations

import json
import sys
from argparse import ArgumentParser
from datetime import timedelta
from typing import Any

from django.core.management.base import BaseCommand

from uploads.audit import audit


class Command(BaseCommand):
    help = "Compares every row with its object and every object with its row; exit status 1 and a list if they differ."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--hash", action="store_true", help="read every object and compare its SHA-256")
        parser.add_argument("--json", action="store_true", help="print one JSON object")
        parser.add_argument("--grace", type=int, default=1800, help="seconds an object may be without a row (1800)")

    def handle(self, *, grace: int, **options: Any) -> None:
        findings = list(audit(timedelta(seconds=grace), hash_all=options["hash"]))
        if options["json"]:
            rows = [{"code": f.code, "key": f.key, "doc_id": str(f.doc_id) if f.doc_id else None} for f in findings]
            self.stdout.write(json.dumps({"ok": not findings, "findings": rows}))
        else:
            for finding in findings:
                self.stdout.write(f"{finding.code} {finding.key}: {finding.sentence}")
            self.stdout.write(f"{len(findings)} findings")
        if findings:
            sys.exit(1)
