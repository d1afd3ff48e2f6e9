"""The ledger and the daily logs are kept for their term, and no longer."""

from __future__ import annotations

import io
import uuid
from datetime import timedelta

import pytest
from axes.models import AccessAttempt, AccessLog
from django.contrib.sessions.models import Session
from django.core.management import call_command
from django.utils import timezone

from uploads.management.commands import prune_records
from uploads.models import ErrorLog, RequestTrace

pytestmark = [pytest.mark.django_db, pytest.mark.both_databases]


def row(model, days, **facts):
    made = model.objects.create(trace_id=uuid.uuid4(), operation="upload_request", **facts)
    model.objects.filter(pk=made.pk).update(created_at=timezone.now() - timedelta(days=days))
    return made


def trace(days):
    return row(RequestTrace, days, outcome="SUCCESS", duration_ms=1)


def error(days):
    return row(ErrorLog, days, code="X", message="x")


def prune(*arguments):
    said = io.StringIO()
    call_command("prune_records", *arguments, stdout=said)
    return said.getvalue()


@pytest.fixture
def logs(settings):
    """Log files of today, of the last day kept, of the day before it, and one that is none of ours."""
    settings.LOG_DIR.mkdir(parents=True)
    today = timezone.now().date()
    days = [today - timedelta(days=days) for days in (0, 30, 31)]
    paths = [settings.LOG_DIR / f"cv-capture-{day}.log" for day in days] + [settings.LOG_DIR / "web-20-20-2020.log"]
    for path in paths:
        path.write_text("line\n")
    return paths


def test_rows_past_their_term_go_and_younger_ones_stay():
    kept = [trace(89), error(89)]
    trace(91), error(91)
    said = prune()
    assert "request_traces rows removed: 1" in said
    assert "error_logs rows removed: 1" in said
    assert [RequestTrace.objects.get(), ErrorLog.objects.get()] == kept


def signed_in(days):
    for model, facts in ((AccessAttempt, {"failures_since_start": 1}), (AccessLog, {})):
        made = model.objects.create(username=f"asha{days}", ip_address="192.0.2.1", **facts)
        model.objects.filter(pk=made.pk).update(attempt_time=timezone.now() - timedelta(days=days))


def test_who_signed_in_from_where_is_forgotten_after_the_same_term():
    signed_in(89), signed_in(91)
    prune()
    assert (AccessAttempt.objects.count(), AccessLog.objects.count()) == (1, 1)


def test_sessions_that_have_ended_go_and_open_ones_stay():
    for key, hours in (("ended", -1), ("open", 1)):
        Session.objects.create(session_key=key, session_data="x", expire_date=timezone.now() + timedelta(hours=hours))
    assert "django_session rows removed: 1" in prune()
    assert Session.objects.get().session_key == "open"


def test_the_term_is_a_setting(settings):
    settings.LEDGER_DAYS = 10
    trace(11), error(9)
    prune()
    assert (RequestTrace.objects.count(), ErrorLog.objects.count()) == (0, 1)


def test_many_rows_go_in_small_statements(monkeypatch):
    monkeypatch.setattr(prune_records, "STRETCH", {"postgresql": 1, "sqlite": 2})
    for _ in range(300):
        trace(100), trace(1)
    assert "request_traces rows removed: 300" in prune()
    assert RequestTrace.objects.count() == 300


def test_log_files_past_their_term_go(logs):
    assert "log files removed: 1" in prune()
    assert [path.exists() for path in logs] == [True, True, False, True]


def test_a_dry_run_counts_and_removes_nothing(logs):
    trace(91)
    said = prune("--dry-run")
    assert "request_traces rows removed: 1 (dry run)" in said
    assert "log files removed: 1 (dry run)" in said
    assert RequestTrace.objects.count() == 1
    assert all(path.exists() for path in logs)


def test_a_house_without_logs_is_no_fault():
    assert "log files removed: 0" in prune()
