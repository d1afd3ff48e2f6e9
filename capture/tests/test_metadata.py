"""Door one, last step: the bytes are proven and the capture is made, once."""

from __future__ import annotations

import pytest

from ats.tests.builders import (
    CV,
    METADATA,
    Caller,
    assert_envelope,
    at_once,
    capture,
    issue,
    make_cv,
    make_user,
    presign,
    put,
    send,
)
from capture.models import CVCapture
from uploads.models import Document
from uploads.storage import get_store

pytestmark = pytest.mark.django_db
Status = Document.UploadStatus
FIELDS = ["file_name", "file_size", "file_type", "sha256", "source", "s3_key"]


def test_a_cv_that_has_arrived_is_captured(api, cv):
    response = capture(api, cv)
    assert response.status_code == 201, response.content
    body, row = response.json(), CVCapture.objects.get()
    assert body == {
        "cv_capture_id": row.pk,
        "doc_id": str(row.document_id),
        "status": "stored",
        "duplicate": False,
        "file_name": cv.file_name,
        "s3_key": row.document.s3_key,
        "message": "CV uploaded",
        "trace_id": body["trace_id"],
    }
    assert row.captured_at
    assert (row.document.upload_status, row.document.parse_status) == (Status.COMPLETE, "pending")


def test_the_same_call_again_is_the_same_capture(api, cv):
    first = capture(api, cv).json()
    again = capture(api, cv)
    assert again.status_code == 200
    assert again.json()["cv_capture_id"] == first["cv_capture_id"]
    assert again.json()["duplicate"] is True


def test_a_second_recruiter_gets_a_capture_of_their_own_on_the_same_document(api, other, cv):
    mine = capture(api, cv).json()
    response = capture(other, cv)
    theirs = response.json()
    assert (response.status_code, theirs["duplicate"]) == (201, True)
    assert theirs["doc_id"] == mine["doc_id"]
    assert theirs["cv_capture_id"] != mine["cv_capture_id"]


def test_a_duplicate_needs_no_put(api, other, cv):
    capture(api, cv)
    key = presign(other, cv)["s3_key"]
    assert other.post(METADATA, cv.presign(s3_key=key)).status_code == 201


@pytest.mark.parametrize("extension", ["docx"])
def test_a_word_file_is_captured_like_a_pdf(api, extension):
    assert capture(api, make_cv(extension=extension)).status_code == 201


# --- What is not true makes no capture --------------------------------------------------------------------------------


def assert_nothing_captured(status):
    assert not CVCapture.objects.received().exists()
    assert Document.objects.get().upload_status == status


def test_before_the_upload_there_is_nothing_to_capture(api, cv):
    key = presign(api, cv)["s3_key"]
    assert_envelope(api.post(METADATA, cv.presign(s3_key=key)), 409, "object_missing")
    assert_nothing_captured(Status.URL_GENERATED)


def test_other_bytes_fail_the_upload_and_presign_starts_again(api, cv):
    answer = presign(api, cv)
    put(answer["s3_url"], cv.content[:-3] + b"zzz", answer["headers"])
    assert_envelope(api.post(METADATA, cv.presign(s3_key=answer["s3_key"])), 409, "hash_mismatch")
    assert_nothing_captured(Status.FAILED)
    assert get_store().head(answer["s3_key"]) is None
    assert_envelope(api.post(METADATA, cv.presign(s3_key=answer["s3_key"])), 409, "hash_mismatch")
    assert capture(api, cv).status_code == 201


def test_a_page_in_a_pdf_coat_is_no_cv(api):
    page = CV(b"<html><script>alert(1)</script></html>" + b" " * 200, "cv.pdf")
    assert_envelope(api.post(METADATA, send(api, page)), 409, "content_mismatch")
    assert_nothing_captured(Status.FAILED)


def test_another_size_than_the_promised_one_is_no_capture(api, cv):
    payload = send(api, cv) | {"file_size": cv.size + 1}
    assert_envelope(api.post(METADATA, payload), 409, "size_mismatch")
    assert not CVCapture.objects.received().exists()
    assert capture(api, cv).status_code == 201


def test_what_is_stored_must_have_the_size_and_type_that_are_told(api, other, cv):
    capture(api, cv)
    payload = cv.presign(s3_key=presign(other, cv)["s3_key"])
    assert_envelope(other.post(METADATA, payload | {"file_size": cv.size + 1}), 409, "size_mismatch")
    rtf = {"file_name": "cv.rtf", "file_type": "application/rtf"}
    assert_envelope(other.post(METADATA, payload | rtf), 409, "content_mismatch")
    assert CVCapture.objects.received().count() == 1
    assert Document.objects.get().upload_status == Status.COMPLETE


def test_bytes_put_after_the_proof_change_nothing(api, cv):
    url = presign(api, cv)
    document = capture(api, cv).json()["doc_id"]
    put(url["s3_url"], cv.content[:-3] + b"zzz", url["headers"])
    again = capture(api, cv)
    assert (again.status_code, again.json()["doc_id"]) == (200, document)
    assert Document.objects.get().upload_status == Status.COMPLETE


def test_a_store_that_is_away_is_never_a_missing_object(api, cv, store_away):
    payload = send(api, cv)
    store_away()
    response = api.post(METADATA, payload)
    assert_envelope(response, 503, "store_unavailable")
    assert int(response["Retry-After"]) > 0
    assert_nothing_captured(Status.URL_GENERATED)


# --- Faults -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("missing", FIELDS)
def test_what_is_missing_is_named(api, cv, missing):
    payload = cv.presign(s3_key="k")
    del payload[missing]
    assert set(assert_envelope(api.post(METADATA, payload), 422)["errors"]) == {missing}


@pytest.mark.parametrize(
    "key", ["resumes/local/ats/1/2025/11/x.pdf", "../../etc/passwd", "", None, 7, "k" * 501, "a\x00"]
)
def test_a_key_that_was_never_given_out_is_refused_without_asking_the_store(api, cv, store_away, key):
    presign(api, cv)
    store_away()
    assert_envelope(api.post(METADATA, cv.presign(s3_key=key)), 422, field="s3_key")


def test_the_key_of_another_hash_is_refused(api, cv):
    another = send(api, make_cv())["s3_key"]
    presign(api, cv)
    assert_envelope(api.post(METADATA, cv.presign(s3_key=another)), 422, field="s3_key")


def test_a_key_with_a_blank_around_it_is_another_key(api, cv):
    payload = send(api, cv)
    assert_envelope(api.post(METADATA, payload | {"s3_key": payload["s3_key"] + " "}), 422, field="s3_key")


def test_the_old_name_of_the_hash_gets_a_helpful_answer(api, cv):
    payload = cv.presign(s3_key="k", file_hash=cv.sha256)
    del payload["sha256"]
    body = assert_envelope(api.post(METADATA, payload), 422, field="sha256")
    assert "file_hash" in body["errors"]["sha256"][0]
    assert "sha256" in body["errors"]["sha256"][0]


ODD_VALUES = {
    "download_path": ["C:\\Users\\me\\Downloads\\cv.pdf", 7, None],
    "uploaded_at": ["2025-11-06T10:00:00", "2025-11-06T10:00:00+05:30", "soon", 10**18, -(10**18), 1e300, True, [], ""],
    "detected_at": [1762776000, 1762776000.5, "0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00", "2025-13-45"],
    "emp_id": [123, "E-7", "x" * 500, "a\x00b", "a\nb", True, ["x"], None, "\ud800"],
    "device": [{"a": 1}, "laptop-7", "x" * 500, None, 3.5, "\u202e"],
}


@pytest.mark.parametrize(("field", "value"), [(f, v) for f, values in ODD_VALUES.items() for v in values])
def test_an_odd_optional_field_never_refuses_a_cv(api, cv, field, value):
    assert api.post(METADATA, {**send(api, cv), field: value}).status_code == 201


def test_what_is_sensible_is_kept_and_the_path_of_a_disk_is_not(api, cv):
    extras = {"download_path": "C:\\Users\\asha", "emp_id": 123, "device": "laptop-7", "detected_at": 1762776000}
    api.post(METADATA, {**send(api, cv), **extras, "uploaded_at": "2025-11-06T10:00:00", "source": "email"})
    row = CVCapture.objects.get()
    assert (row.emp_id, row.device, row.source) == ("123", "laptop-7", "email")
    assert row.detected_at.isoformat() == "2025-11-10T12:00:00+00:00"
    assert row.uploaded_at.isoformat() == "2025-11-06T10:00:00+00:00"
    assert "asha" not in str(vars(row)).replace(cv.file_name, "").lower()


# --- At once ----------------------------------------------------------------------------------------------------------


@pytest.mark.django_db(transaction=True)
def test_twenty_metadata_calls_at_once_make_one_capture(cv):
    token = issue(make_user("Recruiter"))
    payload = send(Caller(token=token), cv)
    answers = at_once(20, lambda _: Caller(token=token).post(METADATA, payload))
    assert sorted(answer.status_code for answer in answers) == [200] * 19 + [201]
    assert len({answer.json()["cv_capture_id"] for answer in answers}) == 1
    assert CVCapture.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_two_recruiters_at_once_have_one_document_and_two_captures(cv):
    tokens = [issue(make_user("Recruiter")) for _ in range(2)]
    payloads = [send(Caller(token=token), cv) for token in tokens]
    answers = at_once(20, lambda n: Caller(token=tokens[n % 2]).post(METADATA, payloads[n % 2]))
    assert {answer.status_code for answer in answers} == {200, 201}
    assert len({answer.json()["doc_id"] for answer in answers}) == 1
    assert len({answer.json()["cv_capture_id"] for answer in answers}) == CVCapture.objects.received().count() == 2


@pytest.mark.django_db(transaction=True)
def test_a_broker_that_is_away_changes_no_answer(cv, broker_away):
    caller = Caller(make_user("Recruiter"))
    assert capture(caller, cv).status_code == 201
    assert Document.objects.get().parse_status == "pending"  # the row is the queue
