"""Door five: ask by hash, PUT, complete; the table of the contract line by line."""

from __future__ import annotations

import time
import uuid

import pytest

from ats.tests.builders import (
    COMPLETE,
    CV,
    REQUEST,
    Caller,
    age,
    assert_envelope,
    at_once,
    issue,
    make_cv,
    make_user,
    put,
    stored,
)
from uploads.models import Document, ErrorLog, RequestTrace
from uploads.storage import get_store
from uploads.tasks import verify_document

pytestmark = pytest.mark.django_db
Status = Document.UploadStatus


def ask(caller, cv, **changes):
    response = caller.post(REQUEST, cv.request(**changes))
    assert response.status_code == 200, response.content
    return response.json()


def complete(caller, doc_id):
    return caller.post(COMPLETE, {"doc_id": doc_id})


def bring(caller, cv):
    """Request and PUT; returns the document's id."""
    answer = ask(caller, cv)
    assert put(answer["s3_presigned_url"], cv.content).status_code == 200
    return answer["doc_id"]


# --- What a request answers -------------------------------------------------------------------------------------------


def test_a_new_hash_gets_a_row_and_a_url(api, cv):
    body = ask(api, cv)
    row = Document.objects.get()
    assert body == {
        "doc_id": str(row.doc_id),
        "status": "UPLOAD_URL_GENERATED",
        "s3_presigned_url": body["s3_presigned_url"],
        "s3_url_expires_at": int(row.s3_url_expires_at.timestamp()),
        "trace_id": body["trace_id"],
    }
    assert (row.upload_status, row.original_filename) == (Status.URL_GENERATED, cv.file_name)
    slug = cv.file_name[:-4].lower().replace("_", "-")
    assert row.s3_key == f"{cv.sha256}/{slug}.pdf"
    assert RequestTrace.objects.get().details == {"action": "new_document_created"}


def test_a_url_that_still_holds_is_given_with_its_true_end(api, cv):
    first = ask(api, cv)
    age(Document.objects.get(), minutes=5)
    second = ask(api, cv)
    assert second["message"] == "Using existing valid URL"
    assert (second["doc_id"], second["s3_url_expires_at"]) == (first["doc_id"], first["s3_url_expires_at"] - 300)
    assert abs(url_end(second["s3_presigned_url"]) - second["s3_url_expires_at"]) <= 2
    assert put(second["s3_presigned_url"], cv.content).status_code == 200


def url_end(url):
    """When a presigned URL ends, by what it says of itself."""
    query = dict(pair.split("=", 1) for pair in url.partition("?")[2].split("&"))
    if "expires" in query:
        return int(query["expires"])
    signed = time.strptime(query["X-Amz-Date"], "%Y%m%dT%H%M%SZ")
    return int(time.mktime(signed) - time.timezone) + int(query["X-Amz-Expires"])


def test_an_ended_url_is_made_anew(api, cv):
    first = ask(api, cv)
    age(Document.objects.get(), hours=1)
    second = ask(api, cv)
    assert second["message"] == "New upload URL generated"
    assert second["doc_id"] == first["doc_id"]
    assert second["s3_url_expires_at"] >= first["s3_url_expires_at"]
    assert RequestTrace.objects.latest("pk").details == {"action": "url_regenerated"}


def test_a_stored_document_needs_no_url(api, cv):
    document = stored(cv)
    body = ask(api, cv)
    assert body == {
        "doc_id": str(document.pk),
        "status": "UPLOAD_COMPLETE",
        "s3_presigned_url": None,
        "s3_url_expires_at": None,
        "trace_id": body["trace_id"],
        "message": "Document already processed",
    }
    assert RequestTrace.objects.get().details == {"action": "document_exists"}


@pytest.mark.parametrize("status", [Status.PENDING, Status.FAILED])
def test_what_is_pending_or_failed_is_tried_again(api, cv, status):
    first = ask(api, cv)
    Document.objects.update(upload_status=status, failure_code="expired")
    body = ask(api, cv)
    assert (body["doc_id"], body["status"]) == (first["doc_id"], "UPLOAD_URL_GENERATED")
    assert body["message"] == "New upload URL generated"


@pytest.mark.parametrize("state", ["valid", "stored"])
def test_another_size_for_a_standing_hash_is_a_conflict(api, cv, state):
    ask(api, cv) if state == "valid" else stored(cv)
    assert_envelope(api.post(REQUEST, cv.request(file_size=cv.size + 1)), 409, "size_conflict")


def test_another_size_replaces_one_whose_url_has_ended(api, cv):
    ask(api, cv, file_size=cv.size + 1)
    age(Document.objects.get(), hours=1)
    ask(api, cv)
    assert Document.objects.get().file_size_bytes == cv.size


@pytest.mark.parametrize(
    "value", ["", "abc", "z" * 64, "a" * 63, "a" * 65, "a" * 64 + "\n", "١" * 64, None, 5, ["a" * 64]]
)
def test_a_malformed_hash_says_so(api, cv, value):
    body = assert_envelope(api.post(REQUEST, cv.request(doc_hash_256=value)), 422, field="doc_hash_256")
    assert body["detail"] == "Invalid hash format"
    assert ErrorLog.objects.get().code == "INVALID_HASH"
    assert not Document.objects.exists()


def test_a_hash_in_any_case_is_kept_in_lower_case(api, cv):
    ask(api, cv, doc_hash_256=cv.sha256.upper())
    assert Document.objects.get().doc_hash_256 == cv.sha256


@pytest.mark.parametrize("size", [0, -5, "x", "10", 10.0, 1.5, True, None, 10**18, 10 * 2**20 + 1])
def test_a_size_that_cannot_be_is_named(api, cv, size):
    assert_envelope(api.post(REQUEST, cv.request(file_size=size)), 422, field="file_size")


NO_NAMES = ["run.exe", "noextension", "", "../a.pdf", "a\x00.pdf", "a\r\nb.pdf", "C:a.pdf", "a\u202e.pdf", 7]


@pytest.mark.parametrize("name", NO_NAMES)
def test_a_name_that_cannot_be_is_named(api, cv, name):
    assert_envelope(api.post(REQUEST, cv.request(doc_name=name)), 422, field="doc_name")


def test_all_faults_are_named_at_once(api):
    body = assert_envelope(api.post(REQUEST, {}), 422)
    assert set(body["errors"]) == {"doc_name", "doc_hash_256", "file_size"}


def test_a_video_may_be_larger_than_a_cv(api, cv):
    size = 2**30
    assert ask(api, cv, doc_name="talk.mp4", file_size=size)["s3_presigned_url"]


def test_the_url_binds_the_length_and_never_the_type(api, cv):
    url = ask(api, cv)["s3_presigned_url"]
    assert put(url, cv.content + b"x").status_code in (400, 403)
    assert put(url, cv.content, {"Content-Type": "application/octet-stream"}).status_code == 200


def test_forms_are_read_too(api, cv):
    form = "&".join(f"{name}={value}" for name, value in cv.request(multipart="false").items())
    response = api.post(REQUEST, form, content_type="application/x-www-form-urlencoded")
    assert response.status_code == 200, response.content


@pytest.mark.django_db(transaction=True)
def test_twenty_requests_at_once_make_one_document(cv):
    token = issue(make_user("Recruiter"))
    answers = at_once(20, lambda _: ask(Caller(token=token), cv))
    assert len({answer["doc_id"] for answer in answers}) == 1
    assert all(answer["s3_presigned_url"] for answer in answers)
    assert Document.objects.count() == 1


# --- Complete ---------------------------------------------------------------------------------------------------------


def test_what_has_arrived_is_proven(api, cv):
    doc_id = bring(api, cv)
    response = complete(api, doc_id)
    assert response.status_code == 200, response.content
    assert (response.json()["doc_id"], response.json()["status"]) == (doc_id, "UPLOAD_COMPLETE")
    assert complete(api, doc_id).status_code == 200
    assert Document.objects.get().parse_status == "pending"


def test_what_never_arrived_is_missing_and_may_still_come(api, cv):
    answer = ask(api, cv)
    assert_envelope(complete(api, answer["doc_id"]), 409, "object_missing")
    assert Document.objects.get().upload_status == Status.URL_GENERATED
    put(answer["s3_presigned_url"], cv.content)
    assert complete(api, answer["doc_id"]).status_code == 200


def test_wrong_bytes_fail_the_document_and_a_new_request_mends_it(api, cv):
    answer = ask(api, cv)
    put(answer["s3_presigned_url"], cv.content[:-2] + b"!!")
    assert_envelope(complete(api, answer["doc_id"]), 409, "hash_mismatch")
    row = Document.objects.get()
    assert (row.upload_status, row.failure_code) == (Status.FAILED, "hash_mismatch")
    assert get_store().head(row.s3_key) is None
    assert_envelope(complete(api, answer["doc_id"]), 409, "hash_mismatch")
    assert complete(api, bring(api, cv)).status_code == 200


def test_what_is_not_of_its_type_fails(api):
    page = b"<html>%PDF-1.4 <script>alert(1)</script></html>"
    doc_id = bring(api, CV(page, "cv.pdf"))
    assert_envelope(complete(api, doc_id), 409, "content_mismatch")
    assert Document.objects.get().failure_code == "content_mismatch"


def test_a_large_file_is_proven_by_a_worker(api, cv, settings):
    settings.VERIFY_INLINE_MAX = 10
    doc_id = bring(api, cv)
    response = complete(api, doc_id)
    assert (response.status_code, response.json()["status"]) == (202, "UPLOAD_URL_GENERATED")
    assert complete(api, doc_id).status_code == 202
    verify_document(doc_id)
    assert complete(api, doc_id).status_code == 200


def test_a_large_file_with_other_bytes_ends_failed_with_a_reason(api, cv, settings):
    settings.VERIFY_INLINE_MAX = 10
    answer = ask(api, cv)
    put(answer["s3_presigned_url"], cv.content[:-2] + b"!!")
    assert complete(api, answer["doc_id"]).status_code == 202
    verify_document(answer["doc_id"])
    row = Document.objects.get()
    assert (row.upload_status, row.failure_code) == (Status.FAILED, "hash_mismatch")
    error = ErrorLog.objects.get()
    assert (error.code, error.operation, error.document_id) == ("HASH_MISMATCH", "verify_document", row.pk)


@pytest.mark.parametrize("doc_id", ["", "nonsense", None, ["x"], 1.5])
def test_an_id_that_is_none_is_named(api, doc_id):
    assert_envelope(api.post(COMPLETE, {"doc_id": doc_id}), 422, field="doc_id")


def test_an_unknown_document_is_not_found(api):
    unknown = str(uuid.uuid4())
    assert_envelope(complete(api, unknown), 404)
    assert_envelope(api.get(f"/upload/{unknown}"), 404)


@pytest.mark.django_db(transaction=True)
def test_ten_completes_at_once_are_one_proof(cv):
    token = issue(make_user("Recruiter"))
    doc_id = bring(Caller(token=token), cv)
    answers = at_once(10, lambda _: complete(Caller(token=token), doc_id))
    assert {answer.status_code for answer in answers} == {200}
    assert Document.objects.get().upload_status == Status.COMPLETE


# --- Status -----------------------------------------------------------------------------------------------------------


def test_a_document_row_is_shown_to_any_recruiter_who_knows_its_id(api, other, cv):
    answer = ask(api, cv)
    row = Document.objects.get()
    assert other.get(f"/upload/{answer['doc_id']}").json() == {
        "doc_id": answer["doc_id"],
        "status": "UPLOAD_URL_GENERATED",
        "doc_name": cv.file_name,
        "doc_hash_256": cv.sha256,
        "file_size": cv.size,
        "s3_key": row.s3_key,
        "s3_url_expires_at": answer["s3_url_expires_at"],
        "created_at": int(row.created_at.timestamp()),
        "updated_at": int(row.updated_at.timestamp()),
    }


# --- The store is away ------------------------------------------------------------------------------------------------


def test_urls_are_signed_while_the_store_is_away(api, cv, store_away):
    store_away()
    assert ask(api, cv)["s3_presigned_url"]


def test_a_store_that_fails_the_request_fails_the_row(api, cv, store_away):
    store_away()
    response = api.post(REQUEST, cv.request(multipart=True))
    body = assert_envelope(response, 503, "store_unavailable")
    assert body["detail"] == "Failed to generate upload URL"
    assert int(response["Retry-After"]) > 0
    assert Document.objects.get().upload_status == Status.FAILED
    assert ErrorLog.objects.get().code == "S3_ERROR"


def test_a_store_that_is_away_never_says_missing(api, cv, store_away):
    doc_id = bring(api, cv)
    store_away()
    response = complete(api, doc_id)
    assert_envelope(response, 503, "store_unavailable")
    assert response["Retry-After"]
    assert Document.objects.get().upload_status == Status.URL_GENERATED


def test_another_cv_is_another_document(api):
    assert ask(api, make_cv())["doc_id"] != ask(api, make_cv())["doc_id"]
