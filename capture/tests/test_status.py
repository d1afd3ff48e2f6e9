"""How far a captured CV has come: for its owner and for ops."""

from __future__ import annotations

import pytest

from ats.tests.builders import assert_envelope, capture, presign
from capture.models import CVCapture
from uploads.models import Document

pytestmark = pytest.mark.django_db
Parse = Document.ParseStatus
PARSED = {"basics": {"name": "Asha Verma"}}


def status(caller, capture_id):
    return caller.get(f"/api/cv-capture/{capture_id}")


@pytest.fixture
def captured(api, cv):
    return capture(api, cv).json()["cv_capture_id"]


def read(outcome):
    claimed = Document.objects.claim_for_parsing(Document.objects.get().pk)
    if outcome == "ready":
        claimed.mark_parsed(PARSED, "text", 1)
    if outcome == "failed":
        claimed.mark_unreadable("encrypted", "The file is protected by a password.")


def test_a_capture_is_stored_before_it_is_read(api, cv, captured):
    row = CVCapture.objects.get()
    assert status(api, captured).json() == {
        "cv_capture_id": captured,
        "doc_id": str(row.document_id),
        "file_name": cv.file_name,
        "status": "stored",
        "reason": None,
    }


@pytest.mark.parametrize("outcome", ["parsing", "ready", "failed"])
def test_its_state_is_that_of_the_reading(api, captured, outcome):
    read(outcome)
    body = status(api, captured).json()
    reason = "The file is protected by a password." if outcome == "failed" else None
    assert (body["status"], body["reason"]) == (outcome, reason)


def test_a_reading_that_begins_again_has_no_reason(api, captured):
    read("failed")
    Document.objects.get().read_again()
    body = status(api, captured).json()
    assert (body["status"], body["reason"]) == ("stored", None)


def test_ops_see_every_capture(ops, captured):
    assert status(ops, captured).status_code == 200


def test_a_colleague_meets_what_a_stranger_id_meets(api, other, captured):
    foreign, absent = status(other, captured), status(other, captured + 1000)
    assert assert_envelope(foreign, 404)["detail"] == assert_envelope(absent, 404)["detail"]


def test_a_promise_is_no_capture_yet(api, ops, cv):
    presign(api, cv)
    promise = CVCapture.objects.get().pk
    assert_envelope(status(api, promise), 404)
    assert_envelope(status(ops, promise), 404)


@pytest.mark.parametrize("capture_id", ["0", "-1", "x", "1.5", "9" * 18, "9" * 30, "%00"])
def test_an_id_that_is_none_is_not_found(api, capture_id):
    assert_envelope(status(api, capture_id), 404)


def test_a_slash_at_the_end_changes_nothing(api, captured):
    assert status(api, f"{captured}/").json() == status(api, captured).json()
