"""Metrics, alerts and the usage report say what the rows say."""

from __future__ import annotations

import json
from datetime import timedelta
from io import StringIO
from typing import Any

import pytest
from django.core import mail
from django.core.management import call_command
from django.utils import timezone

from ats.alerts import check, raise_alerts
from ats.figures import Period, figures, percentile
from ats.tests.builders import METADATA, PRESIGN, Caller, assert_envelope, capture, make_cv
from capture.models import CVCapture, DetectedFile, DeviceToken
from uploads.models import RequestTrace

pytestmark = pytest.mark.django_db


def late(**facts: Any) -> None:
    """Every promise was made a while ago."""
    CVCapture.objects.update(requested_at=timezone.now() - timedelta(minutes=30), **facts)


def test_figures_count_promises_captures_calls_and_times(api: Caller) -> None:
    capture(api, make_cv())
    api.post(PRESIGN, make_cv().presign())
    now = timezone.now()
    CVCapture.objects.promised().update(requested_at=now - timedelta(minutes=30))
    CVCapture.objects.received().update(
        requested_at=now - timedelta(seconds=10), captured_at=now, detected_at=now - timedelta(seconds=40)
    )
    found = figures(Period.last(1))
    assert (found.presigned, found.stored, found.success) == (2, 1, 0.5)
    assert found.upload_p50 == pytest.approx(10)
    assert found.latency_p95 == pytest.approx(40)
    assert (found.calls, found.errors) == (3, 0)


def test_nothing_that_happened_is_no_figure() -> None:
    found = figures(Period.last(1))
    assert found.success is None
    assert found.upload_p50 is None
    assert percentile([], 95) is None


def test_a_store_that_was_away_is_an_error_of_ours(api: Caller, store_away: Any) -> None:
    cv = make_cv()
    key = api.post(PRESIGN, cv.presign()).json()["s3_key"]
    store_away()
    assert api.post(METADATA, cv.presign(s3_key=key)).status_code == 503
    assert figures(Period.last(1)).errors == 1


def test_metrics_are_for_ops_or_a_named_address(ops: Caller, api: Caller, anonymous: Caller, settings: Any) -> None:
    told = ops.get("/metrics")
    assert told.status_code == 200
    assert told["Content-Type"].startswith("text/plain")
    assert b"ats_waiting_to_be_read 0.0" in told.content
    assert_envelope(api.get("/metrics"), 403)
    assert_envelope(anonymous.get("/metrics"), 401)
    settings.METRICS_ADDRESSES = ["127.0.0.1"]
    assert anonymous.get("/metrics/").status_code == 200


def test_thresholds_that_are_crossed_are_said_by_mail(api: Caller, settings: Any) -> None:
    for _ in range(10):
        api.post(PRESIGN, make_cv().presign())
    late()
    DeviceToken.objects.update(failures_in_row=6)
    user = CVCapture.objects.first().user
    DetectedFile.objects.create(
        user=user, device="x", sha256="a" * 64, first_seen_at=timezone.now() - timedelta(hours=2)
    )
    settings.ALERT_EMAILS = ["ops@example.com"]
    sentences = raise_alerts()
    assert len(sentences) == 3
    assert "0% of 10 promised" in sentences[0]
    assert mail.outbox[0].to == ["ops@example.com"]
    assert all(sentence in mail.outbox[0].body for sentence in sentences)


@pytest.mark.parametrize(("stored", "said"), [(9, []), (8, ["Only 80% of 10 promised CVs were stored, not 90%."])])
def test_alert_if_upload_success_rate_drops_below_90_percent(api: Caller, stored: int, said: list[str]) -> None:
    for _ in range(stored):
        capture(api, make_cv())
    for _ in range(10 - stored):
        api.post(PRESIGN, make_cv().presign())
    late()
    assert check() == said


@pytest.mark.parametrize(("duration_ms", "said"), [(10_000, []), (10_100, ["A call took 10.1 s; 10 s is the most."])])
def test_alert_if_api_response_time_exceeds_10_seconds(api: Caller, duration_ms: int, said: list[str]) -> None:
    capture(api, make_cv())
    RequestTrace.objects.update(duration_ms=duration_ms)
    assert check() == said


@pytest.mark.parametrize(("failures", "said"), [(5, []), (6, ["1 device has failed more than 5 times in a row."])])
def test_alert_if_more_than_5_consecutive_upload_failures(api: Caller, failures: int, said: list[str]) -> None:
    for _ in range(failures):
        assert_envelope(api.post(METADATA, make_cv().presign(s3_key="resumes/nothing.pdf")), 422)
    assert check() == said


def test_all_is_well_says_so() -> None:
    out = StringIO()
    call_command("check_alerts", stdout=out)
    assert out.getvalue() == "Everything is within its bounds.\n"
    assert check() == []


def test_the_usage_report_of_a_month(api: Caller) -> None:
    capture(api, make_cv())
    out = StringIO()
    call_command("usage_report", "--json", stdout=out)
    report = json.loads(out.getvalue())
    assert report["month"] == f"{timezone.now():%Y-%m}"
    assert report["stored"] == 1
    assert list(report["captures_by_user"].values()) == [1]
    assert report["captures_by_source"] == {"download": 1}
    text = StringIO()
    call_command("usage_report", "--month", "2020-01", stdout=text)
    assert "stored: 0" in text.getvalue()
