"""A CV whose PUT arrived and whose closing call never did is captured all the same."""

from __future__ import annotations

import io
from datetime import UTC, datetime, timedelta

import pytest
from django.core.management import call_command
from django.utils import timezone

from ats.tests.builders import CV, METADATA, REQUEST, age, at_once, capture, make_cv, presign, put, send, stored
from capture.models import CVCapture
from capture.receipts import reconcile
from capture.tasks import sweep_arrivals
from uploads.models import Document, ErrorLog
from uploads.storage import get_store

pytestmark = pytest.mark.django_db
Status = Document.UploadStatus


def wait(minutes=3):
    """Everything asked for until now was asked for minutes ago."""
    for document in Document.objects.all():
        age(document, minutes=minutes)
    CVCapture.objects.update(requested_at=timezone.now() - timedelta(minutes=minutes))


def test_what_arrived_and_was_never_closed_is_captured_for_each_who_asked(api, other, cv):
    send(api, cv)
    presign(other, cv)
    wait()
    assert reconcile() == {"documents proven": 1, "captures made": 2}
    assert Document.objects.get().upload_status == Status.COMPLETE
    assert set(CVCapture.objects.received().values_list("user", flat=True)) == {api.user.pk, other.user.pk}


def test_a_client_that_may_still_close_it_comes_first(api, cv):
    payload = send(api, cv)
    assert reconcile() == {"documents proven": 0, "captures made": 0}
    assert api.post(METADATA, payload).status_code == 201


def test_a_closing_call_after_all_finds_its_capture(api, cv):
    payload = send(api, cv)
    wait()
    sweep_arrivals()
    response = api.post(METADATA, payload)
    assert (response.status_code, response.json()["cv_capture_id"]) == (200, CVCapture.objects.get().pk)


def test_what_never_arrived_waits(api, cv):
    presign(api, cv)
    wait()
    assert reconcile() == {"documents proven": 0, "captures made": 0}
    assert Document.objects.get().upload_status == Status.URL_GENERATED
    assert not ErrorLog.objects.exists()


def test_what_arrived_after_its_url_ended_is_captured_too(api, cv):
    send(api, cv)
    wait(minutes=30)
    assert reconcile()["captures made"] == 1


def test_wrong_bytes_fail_and_leave_an_error_row(api, cv):
    answer = presign(api, cv)
    put(answer["s3_url"], cv.content[:-3] + b"zzz", answer["headers"])
    wait()
    assert reconcile() == {"documents proven": 0, "captures made": 0}
    assert Document.objects.get().failure_code == "hash_mismatch"
    assert ErrorLog.objects.get().operation == "reconcile_uploads"


def test_one_fault_does_not_stop_the_others(api):
    for number in range(3):
        cv = make_cv()
        answer = presign(api, cv)
        put(answer["s3_url"], cv.content if number else b"x" * cv.size, answer["headers"])
    wait()
    assert reconcile()["captures made"] == 2


def test_an_upload_request_that_was_never_completed_is_proven_and_captured_by_nobody(api, cv):
    answer = api.post(REQUEST, cv.request()).json()
    put(answer["s3_presigned_url"], cv.content)
    wait()
    assert reconcile() == {"documents proven": 1, "captures made": 0}


def test_parts_that_all_arrived_are_gathered(api):
    talk = CV(b"\0\0\0\x18ftypisom" + b"\0" * 100, "talk.mp4")
    answer = api.post(REQUEST, talk.request(multipart=True)).json()
    [url] = answer["multipart"]["urls"]
    put(url, talk.content)
    wait()
    assert reconcile()["documents proven"] == 1
    assert not list(get_store().multiparts())


def test_a_promise_for_bytes_that_another_brought_becomes_a_capture(api, cv):
    presign(api, cv)
    stored(cv)
    wait()
    assert reconcile() == {"documents proven": 0, "captures made": 1}


def test_a_store_that_is_away_changes_nothing(api, cv, store_away):
    send(api, cv)
    wait()
    store_away()
    assert reconcile() == {"documents proven": 0, "captures made": 0}
    assert Document.objects.get().upload_status == Status.URL_GENERATED


def test_a_second_run_finds_nothing(api, cv):
    send(api, cv)
    wait()
    reconcile()
    assert reconcile() == {"documents proven": 0, "captures made": 0}


@pytest.mark.django_db(transaction=True)
def test_a_sweep_and_the_closing_call_at_once_make_one_capture(api, cv):
    payload = send(api, cv)
    wait()
    at_once(6, lambda number: reconcile() if number % 2 else capture(api, cv))
    assert CVCapture.objects.received().count() == CVCapture.objects.count() == 1
    assert api.post(METADATA, payload).status_code == 200


def test_the_capture_stands_in_the_daily_log(api, cv, settings):
    send(api, cv)
    wait()
    reconcile()
    log = (settings.LOG_DIR / f"cv-capture-{datetime.now(UTC):%Y-%m-%d}.log").read_text()
    assert log.count("local.INFO: CV uploaded") == 1


def test_the_command_says_what_it_did(api, cv):
    send(api, cv)
    said = io.StringIO()
    call_command("reconcile_uploads", "--patience", "0", stdout=said)
    assert said.getvalue() == "documents proven: 1\ncaptures made: 1\n"
