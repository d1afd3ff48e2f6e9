"""manage.py export_corrections: what people corrected by hand, as labels that the reader can be measured against.

One JSON object a line, in the shape that `benchmarks.parsing --labelled` reads: `id` is the SHA-256 of the document,
`labelled` names the fields that a person typed. It holds personal data: handle it like the CVs themselves.
"""

from __future__ import annotations

import json
from typing import Any

from django.core.management.base import BaseCommand

from candidates.models import Candidate

COLUMNS = {"full_name": "name", "email": "email", "phone": "phone", "headline": "label"}


class Command(BaseCommand):
    help = "Print what people corrected by hand, as regression cases of the reader."

    def handle(self, *args: Any, **options: Any) -> None:
        for candidate in Candidate.objects.exclude(typed_fields=[]).iterator():
            version = candidate.current_version
            typed = {
                key: getattr(candidate, column) for column, key in COLUMNS.items() if column in candidate.typed_fields
            }
            corrected = {key: value for key, value in typed.items() if value}
            if version and corrected:
                labelled = [f"basics.{key}" for key in corrected]
                case = {"id": version.document.doc_hash_256, "labelled": labelled, "basics": corrected}
                self.stdout.write(json.dumps(case, ensure_ascii=False))
