from __future__ import annotations

import json
from argparse import ArgumentParser, ArgumentTypeError
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from typing import Any

from django.core.management.base import BaseCommand
from django.db.models import Count
from django.utils import timezone

from ats.figures import Period, figures
from capture.models import CVCapture


def month(text: str) -> Period:
    """`2026-11` → that month in UTC."""
    try:
        begin = datetime.strptime(text, "%Y-%m").replace(tzinfo=UTC)
    except ValueError:
        raise ArgumentTypeError(f"{text} is no month: write for example 2026-11.") from None
    return Period(begin, (begin + timedelta(days=32)).replace(day=1))


class Command(BaseCommand):
    help = "What the intake did in a month: captures, success, times, errors, and who brought what from where."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--month", type=month, default=month(f"{timezone.now():%Y-%m}"), help="such as 2026-11")
        parser.add_argument("--json", action="store_true", help="print one JSON object")

    def handle(self, *, month: Period, **options: Any) -> None:
        report = {"month": f"{month.begin:%Y-%m}", **asdict(figures(month)), **_who_brought_what(month)}
        if options["json"]:
            self.stdout.write(json.dumps(report))
            return
        for name, value in report.items():
            if isinstance(value, dict):
                self.stdout.write(f"{name.replace('_', ' ')}:")
                for key, count in value.items():
                    self.stdout.write(f"  {key}: {count}")
            else:
                shown = "–" if value is None else f"{value:.3g}" if isinstance(value, float) else value
                self.stdout.write(f"{name.replace('_', ' ')}: {shown}")


def _who_brought_what(period: Period) -> dict[str, dict[str, int]]:
    received = CVCapture.objects.received().filter(captured_at__gte=period.begin, captured_at__lt=period.end)

    def count_by(field: str) -> dict[str, int]:
        rows = received.values_list(field).annotate(count=Count("pk")).order_by("-count", field)
        return {str(name): count for name, count in rows}

    return {"captures_by_user": count_by("user__username"), "captures_by_source": count_by("source")}
