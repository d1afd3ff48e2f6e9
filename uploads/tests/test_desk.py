"""Documents and the ledger at the desk: what is true, seen by who may, changed by nobody."""

from __future__ import annotations

import uuid

import pytest
from django.contrib.admin.models import LogEntry

from ats.tests.builders import Caller, capture, make_cv, make_user, promised, stored
from ats.tests.desk import at_desk, person_with_cv, statements, text_of, unreadable
from uploads import ledger
from uploads.models import Document, ErrorLog, RequestTrace

pytestmark = pytest.mark.django_db
DOCUMENTS = "/admin/uploads/document/"
STRICT = "default-src 'none'; frame-ancestors 'self'"


def page_of(document: Document, name: str = "change") -> str:
    return f"{DOCUMENTS}{document.pk}/{name}/"


# --- The file itself --------------------------------------------------------------------------------------------------


def test_a_pdf_is_shown_in_a_frame_of_ours_and_nowhere_else():
    cv = make_cv()
    response = at_desk().get(page_of(stored(cv), "file"))
    assert b"".join(response.streaming_content) == cv.content
    assert response["Content-Type"] == "application/pdf"
    assert response["Content-Disposition"] == f'inline; filename="{cv.file_name}"'
    assert response["X-Frame-Options"] == "SAMEORIGIN"
    assert response["X-Content-Type-Options"] == "nosniff"
    assert response["Content-Security-Policy"] == STRICT
    assert "no-store" in response["Cache-Control"]


def test_other_types_are_only_ever_downloaded():
    response = at_desk().get(page_of(stored(make_cv(extension="docx")), "file"))
    assert response["Content-Disposition"].startswith("attachment;")
    assert response["Content-Security-Policy"] == STRICT


def test_a_file_is_given_out_in_ranges():
    cv = make_cv()
    response = at_desk().get(page_of(stored(cv), "file"), headers={"Range": "bytes=10-19"})
    assert response.status_code == 206
    assert b"".join(response.streaming_content) == cv.content[10:20]
    assert response["Content-Range"] == f"bytes 10-19/{cv.size}"


def test_what_was_put_later_is_never_shown():
    from ats.tests.builders import put_object
    from uploads.storage import get_store

    cv = make_cv()
    document = stored(cv)
    put_object(make_cv(), document.s3_key)
    assert get_store().head(document.s3_key).version != document.s3_version
    assert b"".join(at_desk().get(page_of(document, "file")).streaming_content) == cv.content


def test_a_file_whose_object_is_gone_is_a_page_that_says_so():
    from uploads.storage import get_store

    document = stored(make_cv())
    get_store().delete(document.s3_key)
    response = at_desk().get(page_of(document, "file"))
    assert response.status_code == 409
    assert "has not arrived in the store" in text_of(response)


def test_who_took_a_file_is_in_its_history():
    document = stored(make_cv())
    desk = at_desk()
    b"".join(desk.get(page_of(document, "file")).streaming_content)
    b"".join(desk.get(page_of(document, "file"), {"download": ""}).streaming_content)
    words = set(LogEntry.objects.values_list("change_message", flat=True))
    assert words == {"Looked at the file.", "Downloaded."}


def test_a_file_that_was_only_promised_is_not_found():
    assert at_desk().get(page_of(promised(make_cv()), "file")).status_code == 404


def test_ops_see_no_file_and_no_document():
    document = stored(make_cv())
    desk = at_desk("Ops")
    assert desk.get(page_of(document, "file")).status_code == 404
    assert desk.get(page_of(document)).status_code == 403
    assert desk.get(DOCUMENTS).status_code == 403


# --- What waits for a look --------------------------------------------------------------------------------------------


def test_what_came_to_no_candidate_is_listed_with_its_reason_until_it_was_seen():
    invoice = unreadable("invoice.pdf", "This does not look like a CV.")
    stored(make_cv("Somebody Else"))
    desk = at_desk()
    page = text_of(desk.get(DOCUMENTS, {"look": "1"}))
    assert "invoice.pdf" in page
    assert "This does not look like a CV." in page
    assert "Somebody" not in page
    desk.post(page_of(invoice, "do"), {"verb": "seen"})
    assert "invoice.pdf" not in text_of(desk.get(DOCUMENTS, {"look": "1"}))
    assert "invoice.pdf" in text_of(desk.get(DOCUMENTS))


def test_a_failed_reading_is_tried_again_by_one_click_and_comes_back_to_the_list():
    scan = unreadable()
    desk = at_desk()
    desk.post(page_of(scan, "do"), {"verb": "seen"})
    desk.post(page_of(scan, "do"), {"verb": "read_again"})
    scan.refresh_from_db()
    assert scan.parse_status == Document.ParseStatus.PENDING
    assert scan.looked_at is None


def test_verbs_of_a_document_need_the_right_and_a_post():
    scan = unreadable()
    assert at_desk("Ops").post(page_of(scan, "do"), {"verb": "seen"}).status_code == 404
    assert at_desk().get(page_of(scan, "do")).status_code == 405


# --- Truth ------------------------------------------------------------------------------------------------------------


def test_a_document_tells_its_story():
    caller = Caller(make_user("Recruiter", username="rita"))
    cv = make_cv()
    capture(caller, cv)
    document = Document.objects.get(doc_hash_256=cv.sha256)
    ledger.record_failure("parse_document", "TOO_SLOW", "Reading took too long.", document.pk)
    page = text_of(at_desk().get(page_of(document)))
    for word in ("First heard of", "Stored and proven", "Captured", "rita", "cv_capture.presign", "TOO_SLOW"):
        assert word in page, word
    assert str(RequestTrace.objects.first().trace_id) in page


def test_nobody_changes_or_removes_a_document_here():
    document = stored(make_cv())
    for group in ("Recruiter", "Reviewer", "Ops"):
        desk = at_desk(group)
        assert desk.post(page_of(document), {"original_filename": "x.pdf"}).status_code == 403
        assert desk.post(page_of(document, "delete"), {"post": "yes"}).status_code == 403
        assert desk.get(f"{DOCUMENTS}add/").status_code == 403


def test_lists_cost_the_same_for_one_row_and_for_many():
    desk = at_desk("Recruiter", is_superuser=True)
    lists = [DOCUMENTS, "/admin/capture/cvcapture/", "/admin/uploads/requesttrace/", "/admin/uploads/errorlog/"]
    person_with_cv()
    ledger.record_failure("job", "CODE", "words")
    before = [statements(desk, path) for path in lists]
    caller = Caller(make_user("Recruiter"))
    for _ in range(5):
        capture(caller, make_cv())
        ledger.record_failure("job", "CODE", "words")
    assert [statements(desk, path) for path in lists] == before
    assert max(before) <= 10


def test_the_ledger_is_searched_by_trace_document_hash_and_operation():
    document, trace = stored(make_cv()), uuid.uuid4()
    facts = {"operation": "upload_request", "outcome": "SUCCESS", "duration_ms": 3}
    RequestTrace.objects.create(trace_id=trace, document=document, **facts)
    RequestTrace.objects.create(trace_id=uuid.uuid4(), **{**facts, "operation": "other"})
    desk = at_desk("Ops")
    for asked in (str(trace), trace.hex, str(document.pk), document.doc_hash_256, "upload_request"):
        rows = desk.get("/admin/uploads/requesttrace/", {"q": asked}).context["cl"].result_list
        assert [row.trace_id for row in rows] == [trace], asked


def test_ops_read_an_error_with_its_trace_and_no_recruiter_does():
    ledger.record_failure("parse_document", "CRASHED", "The reader stopped.", None, ValueError("boom"))
    error = ErrorLog.objects.get()
    path = f"/admin/uploads/errorlog/{error.pk}/change/"
    page = text_of(at_desk("Ops").get(path))
    assert "ValueError: boom" in page
    assert str(error.trace_id) in page
    assert at_desk().get(path).status_code == 403
