"""Desktops, missing CVs and policies at the desk."""

from __future__ import annotations

import hashlib
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.utils import timezone

from ats.tests.builders import issue, make_user, the_group
from ats.tests.desk import at_desk, statements, text_of
from capture.models import DetectedFile, DeviceReport, DeviceToken, MonitorPolicy

pytestmark = pytest.mark.django_db
DESKTOPS, MISSING = "/admin/capture/devicereport/", "/admin/capture/detectedfile/"
POLICIES = "/admin/capture/monitorpolicy/"
STUCK = [{"file_name": "Naukri_X.pdf", "reason": "HTTP 422 file_name: is odd", "since": 1762776000}]


def desktops(count: int, **facts: Any) -> None:
    user = make_user("Recruiter")
    issue(user, "laptop")
    rows = (
        DeviceReport(user=user, device=f"laptop-{number}", token=DeviceToken.objects.get(), **facts)
        for number in range(count)
    )
    DeviceReport.objects.bulk_create(rows, batch_size=1000)


def seen_long_ago(count: int) -> None:
    user, then = make_user("Recruiter"), timezone.now() - timedelta(hours=2)
    hashes = (hashlib.sha256(str(number).encode()).hexdigest() for number in range(count))
    rows = (DetectedFile(user=user, device="laptop", sha256=sha256, first_seen_at=then) for sha256 in hashes)
    DetectedFile.objects.bulk_create(rows, batch_size=1000)


def test_a_desktop_shows_how_it_is_and_leads_to_its_token():
    desktops(1, stuck=STUCK, oldest_waiting_s=90_061, clock_ahead_s=-700, version="0.1.19")
    ops = at_desk("Ops")
    assert "stuck" in text_of(ops.get(DESKTOPS))
    page = text_of(ops.get(f"{DESKTOPS}{DeviceReport.objects.get().pk}/change/"))
    assert "Naukri_X.pdf: HTTP 422 file_name: is odd" in page
    assert "1\xa0day, 1\xa0hour" in page
    assert "11\xa0minutes behind" in page
    assert f"/admin/capture/devicetoken/{DeviceToken.objects.get().device_id}/change/" in page


def test_a_missing_cv_leads_to_the_desktop_that_saw_it():
    desktops(1)
    report = DeviceReport.objects.get()
    then = timezone.now() - timedelta(hours=2)
    for device in (report.device, "another"):
        sha256 = hashlib.sha256(device.encode()).hexdigest()
        DetectedFile.objects.create(user=report.user, device=device, sha256=sha256, first_seen_at=then)
    ops, led = at_desk("Ops"), f'href="{DESKTOPS}{report.pk}/change/"'
    pages = [text_of(ops.get(f"{MISSING}{seen.pk}/change/")) for seen in DetectedFile.objects.order_by("pk")]
    assert [led in page for page in pages] == [True, False]


@pytest.mark.parametrize(
    ("path", "said"),
    [(DESKTOPS, "No desktop has reported yet."), (MISSING, "No CV is missing"), (POLICIES, "No policy")],
)
def test_an_empty_list_says_what_that_means(path, said):
    ops = at_desk("Ops")
    assert said in text_of(ops.get(path))
    if path != POLICIES:
        assert "Nothing matches." in text_of(ops.get(f"{path}?q=x"))


def test_a_desktop_outlives_its_token():
    desktops(1, clock_ahead_s=3)
    DeviceReport.objects.update(token=None)
    page = text_of(at_desk("Ops").get(f"{DESKTOPS}{DeviceReport.objects.get().pk}/change/"))
    assert "deleted" in page
    assert "right" in page


def test_a_desktop_that_is_not_heard_of_is_silent():
    desktops(1, seen_at=timezone.now() - timedelta(hours=1))
    assert "silent" in text_of(at_desk("Ops").get(DESKTOPS))


def test_lists_cost_the_same_for_one_row_and_for_ten_thousand():
    ops = at_desk("Ops")
    desktops(1)
    seen_long_ago(1)
    before = [statements(ops, path) for path in (DESKTOPS, MISSING)]
    desktops_of_another_user = make_user("Recruiter")
    DeviceReport.objects.bulk_create(
        (DeviceReport(user=desktops_of_another_user, device=f"pc-{number}") for number in range(10_000)),
        batch_size=1000,
    )
    seen_long_ago(10_000)
    after = [statements(ops, path) for path in (DESKTOPS, MISSING)]
    assert all(now <= cost + 1 for now, cost in zip(after, before, strict=True))  # one for the estimate


def test_a_missing_cv_that_need_not_come_leaves_the_list_and_the_history_says_who_did_that():
    seen_long_ago(2)
    ops, (first, second) = at_desk("Ops"), DetectedFile.objects.order_by("pk")
    ops.post(MISSING, {"action": "forgive", "_selected_action": [first.pk]})
    assert list(DetectedFile.objects.missing()) == [second]
    assert LogEntry.objects.get().object_id == str(first.pk)
    assert first.sha256 not in text_of(ops.get(MISSING))
    assert second.sha256 in text_of(ops.get(f"{MISSING}{second.pk}/change/"))


@pytest.mark.parametrize(
    ("field", "value"),
    [("patterns", '"Naukri_*"'), ("patterns", "[1]"), ("extensions", '[""]'), ("extensions", "{"),
     ("check_interval_sec", "0"), ("check_interval_sec", "4000"), ("max_size_bytes", "0"), ("rollout_percent", "101")],
)  # fmt: skip
def test_a_policy_that_no_monitor_would_understand_is_refused(field, value):
    good = {"group": the_group("Recruiter").pk, "enabled": "on", "rollout_percent": "20",
            "patterns": '["Naukri_*", "Indeed_*"]', "extensions": "[]"}  # fmt: skip
    ops = at_desk("Ops")
    assert ops.post(f"{POLICIES}add/", {**good, field: value}).status_code == 200
    assert not MonitorPolicy.objects.exists()
    assert ops.post(f"{POLICIES}add/", good).status_code == 302
    assert MonitorPolicy.objects.get().patterns == ["Naukri_*", "Indeed_*"]


@pytest.mark.parametrize("group", ["Recruiter", "Reviewer"])
def test_the_desktops_are_for_ops(group):
    for path in (DESKTOPS, MISSING, POLICIES):
        assert at_desk(group).get(path).status_code == 403
