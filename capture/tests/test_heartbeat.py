"""The desktops: what they say of themselves, what they are told, what is missing."""

from __future__ import annotations

import time
from datetime import timedelta

import pytest
from django.utils import timezone

from ats.tests.builders import CV, PRESIGN, Caller, assert_envelope, capture, issue, make_cv, make_user, the_group
from capture.models import DetectedFile, DeviceReport, DeviceToken, MonitorPolicy

HEARTBEAT = "/api/cv-capture/heartbeat"
pytestmark = pytest.mark.django_db


def beat(caller: Caller, **changes: object) -> dict:
    said = {"device": "asha-laptop", "version": "1.0", "queue_depth": 3, "oldest_waiting_s": 60, "detected": [],
            "stuck": [{"file_name": "Naukri_X.pdf", "reason": "locked", "since": 1762776000}],
            "sent_at": int(time.time())}  # fmt: skip
    answer = caller.post(HEARTBEAT, {**said, **changes})
    assert answer.status_code == 200, answer.content
    return answer.json()


def test_a_heartbeat_is_kept_as_the_last_word_of_its_desktop(api: Caller) -> None:
    beat(api)
    answer = beat(api, queue_depth=0, stuck=[])
    assert answer["policy"] == {}
    assert abs(answer["server_time"] - time.time()) < 5
    report = DeviceReport.objects.get()
    assert (report.device, report.version, report.queue_depth, report.stuck) == ("asha-laptop", "1.0", 0, [])


def test_only_the_name_of_the_desktop_is_needed_and_odd_facts_are_left_out(api: Caller) -> None:
    assert api.post(HEARTBEAT, {"device": "x", "version": {"a": 1}, "sent_at": "soon"}).status_code == 200
    assert api.post(HEARTBEAT, {"device": "x", "version": None, "stuck": [{"reason": None}]}).status_code == 200
    assert_envelope(api.post(HEARTBEAT, {}), 422, field="device")
    assert_envelope(api.post(HEARTBEAT, {"device": "x", "detected": ["a" * 64] * 501}), 422, field="detected")
    assert_envelope(api.post(HEARTBEAT, {"device": "x", "queue_depth": -1}), 422, field="queue_depth")


def test_a_clock_that_is_ahead_shows(api: Caller) -> None:
    beat(api, sent_at=int(time.time()) + 600)
    assert 590 <= DeviceReport.objects.get().clock_ahead_s <= 610


def test_what_was_seen_and_never_stored_is_missing_after_a_while(api: Caller, cv: CV) -> None:
    lost = make_cv()
    beat(api, detected=[cv.sha256, lost.sha256.upper()])
    assert list(DetectedFile.objects.missing()) == []
    DetectedFile.objects.update(first_seen_at=timezone.now() - timedelta(hours=2))
    capture(api, cv)
    beat(api, detected=[cv.sha256, lost.sha256])
    assert [one.sha256 for one in DetectedFile.objects.missing()] == [lost.sha256]


def test_the_policy_of_the_users_group_is_served_without_what_it_leaves_open(api: Caller, reviewer: Caller) -> None:
    recruiters = the_group("Recruiter")
    MonitorPolicy.objects.create(group=recruiters, rollout_percent=20, patterns=["Naukri_*", "Indeed_*"])
    assert beat(api)["policy"] == {"enabled": True, "rollout_percent": 20, "patterns": ["Naukri_*", "Indeed_*"]}
    assert beat(reviewer)["policy"] == {}


def test_ops_and_strangers_send_no_heartbeat(ops: Caller, nobody: Caller, anonymous: Caller) -> None:
    assert_envelope(ops.post(HEARTBEAT, {"device": "x"}), 403)
    assert_envelope(nobody.post(HEARTBEAT, {"device": "x"}), 403)
    assert_envelope(anonymous.post(HEARTBEAT, {"device": "x"}), 401)


def test_failures_in_a_row_are_counted_for_each_device_and_end_with_a_good_call(cv: CV) -> None:
    user = make_user("Recruiter")
    broken, well = Caller(token=issue(user, "broken")), Caller(token=issue(user, "well"))
    for _ in range(3):
        broken.post(PRESIGN, {})
    well.post(PRESIGN, cv.presign())
    counted = dict(DeviceToken.objects.values_list("name", "failures_in_row"))
    assert counted == {"broken": 3, "well": 0}
    broken.post(PRESIGN, cv.presign())
    assert DeviceToken.objects.get(name="broken").failures_in_row == 0
