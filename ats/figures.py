"""The figures of the intake: for `/metrics`, alerts, the usage report. All are read from rows, none is kept in memory.

Success = stored / presigned. Upload time = metadata − presign. Latency = stored − detected. Error rate = 5xx / all.
"""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.db.models import Count, Max, Min, Q, QuerySet
from django.utils import timezone

from capture.models import CVCapture, DetectedFile, DeviceReport, DeviceToken
from uploads.models import Document, RequestTrace

SAMPLE = 20_000  # rows at most that a percentile is computed from
TIME_TO_BRING = timedelta(minutes=5)  # a promise younger than this may still be kept


@dataclass(frozen=True)
class Period:
    begin: datetime
    end: datetime

    @classmethod
    def last(cls, hours: float) -> Period:
        now = timezone.now()
        return cls(now - timedelta(hours=hours), now)


@dataclass(frozen=True)
class Figures:
    """Ratios are 0 to 1, times seconds; None where nothing happened that could be measured."""

    presigned: int
    stored: int
    success: float | None
    upload_p50: float | None
    upload_p95: float | None
    latency_p50: float | None
    latency_p95: float | None
    calls: int
    errors: int
    error_rate: float | None
    slowest_call: float | None


def figures(period: Period) -> Figures:
    asked = CVCapture.objects.filter(requested_at__gte=period.begin, requested_at__lt=period.end)
    settled = asked.filter(Q(captured_at__isnull=False) | Q(requested_at__lt=timezone.now() - TIME_TO_BRING))
    counted = settled.aggregate(presigned=Count("pk"), stored=Count("captured_at"))
    uploads, latencies = _times(asked)
    calls = RequestTrace.objects.filter(created_at__gte=period.begin, created_at__lt=period.end)
    told = calls.aggregate(
        all=Count("pk"), errors=Count("pk", filter=Q(details__status__gte=500)), slow=Max("duration_ms")
    )
    return Figures(
        presigned=counted["presigned"],
        stored=counted["stored"],
        success=_ratio(counted["stored"], counted["presigned"]),
        upload_p50=percentile(uploads, 50),
        upload_p95=percentile(uploads, 95),
        latency_p50=percentile(latencies, 50),
        latency_p95=percentile(latencies, 95),
        calls=told["all"],
        errors=told["errors"],
        error_rate=_ratio(told["errors"], told["all"]),
        slowest_call=None if told["slow"] is None else told["slow"] / 1000,
    )


def _times(asked: QuerySet[CVCapture]) -> tuple[list[float], list[float]]:
    received = asked.filter(captured_at__isnull=False).order_by("-captured_at")
    rows = list(received.values_list("requested_at", "captured_at", "detected_at")[:SAMPLE])
    uploads = sorted(
        (stored - promised).total_seconds() for promised, stored, _ in rows if stored and stored >= promised
    )
    latencies = sorted(
        (stored - seen).total_seconds() for _, stored, seen in rows if seen and stored and stored >= seen
    )
    return uploads, latencies


def _ratio(part: int, whole: int) -> float | None:
    return part / whole if whole else None


def percentile(ordered: list[float], percent: int) -> float | None:
    """Nearest rank of a sorted list."""
    return ordered[min(len(ordered) - 1, len(ordered) * percent // 100)] if ordered else None


@dataclass(frozen=True)
class State:
    """How things stand now. Ages are seconds."""

    waiting_to_be_read: int
    oldest_unread: float
    waiting_to_be_proven: int
    missing_cvs: int
    failing_devices: int
    desktops: int
    disk_free_bytes: int


FAILURES_IN_ROW = 5


def state() -> State:
    to_read = Document.objects.filter(parse_status__in=[Document.ParseStatus.PENDING, Document.ParseStatus.RUNNING])
    waiting = to_read.aggregate(count=Count("pk"), oldest=Min("verified_at"))
    age = (timezone.now() - waiting["oldest"]).total_seconds() if waiting["oldest"] else 0.0
    return State(
        waiting_to_be_read=waiting["count"],
        oldest_unread=max(0.0, age),
        waiting_to_be_proven=Document.objects.promised().filter(verify_due_at__isnull=False).count(),
        missing_cvs=DetectedFile.objects.missing().count(),
        failing_devices=DeviceToken.objects.filter(revoked_at=None, failures_in_row__gt=FAILURES_IN_ROW).count(),
        desktops=DeviceReport.objects.filter(seen_at__gt=timezone.now() - timedelta(days=1)).count(),
        disk_free_bytes=shutil.disk_usage(settings.ATS_DATA_DIR if settings.ATS_DATA_DIR.exists() else "/").free,
    )
