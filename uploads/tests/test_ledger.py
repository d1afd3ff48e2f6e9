"""The ledger: a trace for each write call, an error row for each error, and nothing of what a stranger wrote."""

from __future__ import annotations

import uuid

import pytest
from django.db import DatabaseError

from ats.tests.builders import CHECK, COMPLETE, METADATA, PRESIGN, REQUEST, Caller, capture, presign, promised, put
from uploads import ledger
from uploads.models import ErrorLog, RequestTrace
from uploads.tasks import verify_document

pytestmark = pytest.mark.django_db
HOSTILE = "\u202ehostile\x00\ud800<script>"


def test_a_call_leaves_one_trace_that_tells_who_did_what(api, cv):
    answer = presign(api, cv)
    trace = RequestTrace.objects.get()
    assert str(trace.trace_id) == answer["trace_id"]
    assert (trace.operation, trace.outcome, trace.user) == ("cv_capture.presign", "SUCCESS", api.user)
    assert str(trace.document_id) == answer["doc_id"]
    assert trace.details == {"action": "new_document_created"}
    assert not ErrorLog.objects.exists()


def test_each_write_call_has_its_own_operation(api, cv):
    answer = api.post(REQUEST, cv.request()).json()
    put(answer["s3_presigned_url"], cv.content)
    api.post(COMPLETE, {"doc_id": answer["doc_id"]})
    capture(api, cv)
    names = list(RequestTrace.objects.order_by("pk").values_list("operation", flat=True))
    assert names == ["upload_request", "upload_complete", "cv_capture.presign", "cv_capture.metadata"]


def test_reading_leaves_no_trace(api, cv):
    document = promised(cv)
    api.get(f"/upload/{document.pk}")
    api.post(CHECK, {"sha256": [cv.sha256]})
    assert not RequestTrace.objects.exists()


def test_a_refused_call_leaves_a_failed_trace_and_an_error_with_one_id(api, cv):
    response = api.post(PRESIGN, cv.presign(sha256="abc"))
    trace, error = RequestTrace.objects.get(), ErrorLog.objects.get()
    assert str(trace.trace_id) == str(error.trace_id) == response.json()["trace_id"]
    assert (trace.outcome, trace.details) == ("FAILED", {"error": "INVALID_HASH", "status": 422})
    assert (error.code, error.operation, error.user) == ("INVALID_HASH", "cv_capture.presign", api.user)
    assert "sha256" in error.message
    assert error.stack_trace == ""


@pytest.mark.parametrize(
    ("path", "body", "status", "code"),
    [
        (PRESIGN, {}, 422, "VALIDATION_ERROR"),
        (METADATA, {}, 422, "VALIDATION_ERROR"),
        (CHECK, {}, 422, "VALIDATION_ERROR"),
        (REQUEST, {"doc_hash_256": "x"}, 422, "INVALID_HASH"),
        (COMPLETE, {"doc_id": str(uuid.uuid4())}, 404, "NOT_FOUND"),
    ],
)
def test_every_error_of_a_signed_in_caller_is_stored(api, path, body, status, code):
    assert api.post(path, body).status_code == status
    assert ErrorLog.objects.get().code == code


def test_an_error_of_a_reading_call_is_stored_too(api):
    assert api.get(f"/upload/{uuid.uuid4()}").status_code == 404
    assert ErrorLog.objects.get().code == "NOT_FOUND"
    assert not RequestTrace.objects.exists()


def test_the_wrong_method_and_a_missing_right_are_stored(api, nobody, cv):
    assert api.delete(PRESIGN).status_code == 405
    assert nobody.post(PRESIGN, cv.presign()).status_code == 403
    assert list(ErrorLog.objects.order_by("pk").values_list("code", flat=True)) == [
        *("METHOD_NOT_ALLOWED", "PERMISSION_DENIED"),
    ]


def test_refusals_of_strangers_are_logged_and_not_stored(anonymous, cv, caplog):
    assert anonymous.post(PRESIGN, cv.presign()).status_code == 401
    assert Caller(token="ats_" + "0" * 60).post(PRESIGN, cv.presign()).status_code == 401
    assert not RequestTrace.objects.exists()
    assert not ErrorLog.objects.exists()
    assert [record.getMessage() for record in caplog.records].count("Request refused") == 2


@pytest.mark.parametrize("field", ["file_name", "file_size", "file_type", "sha256", "source", "checksum"])
def test_what_a_stranger_wrote_into_a_field_is_never_kept(api, cv, field):
    response = api.post(PRESIGN, cv.presign(**{field: HOSTILE}))
    assert response.status_code == 422
    assert field in response.json()["errors"]
    assert "hostile" not in ErrorLog.objects.get().message
    assert "hostile" not in response.content.decode()


def test_a_failed_task_leaves_an_error_row(cv):
    document = promised(cv)
    document.request_verification()
    verify_document(str(document.pk))
    error = ErrorLog.objects.get()
    assert (error.code, error.operation) == ("OBJECT_MISSING", "verify_document")
    assert error.document_id == document.pk
    assert not RequestTrace.objects.exists()


def test_an_outage_is_stored_with_its_stack(api, cv, store_away):
    key = presign(api, cv)["s3_key"]
    store_away()
    assert api.post(METADATA, cv.presign(s3_key=key)).status_code == 503
    error = ErrorLog.objects.get()
    assert error.code == "S3_ERROR"
    assert "Traceback" in error.stack_trace


def test_a_trace_id_that_is_sent_is_kept(api, cv):
    for mine in (str(uuid.uuid4()), uuid.uuid4().hex, uuid.uuid4().hex.upper()):
        response = api.post(REQUEST, cv.request(), headers={"X-Trace-Id": mine})
        assert uuid.UUID(response["X-Trace-Id"]) == uuid.UUID(mine)
        assert RequestTrace.objects.filter(trace_id=uuid.UUID(mine)).exists()


@pytest.mark.parametrize("forged", ["x" * 500, "", "1234", f"{{{uuid.UUID(int=1)}}}", uuid.UUID(int=1).hex + "\n"])
def test_a_trace_id_that_is_none_is_replaced(api, cv, forged):
    response = api.post(REQUEST, cv.request(), headers={"X-Trace-Id": forged})
    assert response["X-Trace-Id"] != forged
    assert uuid.UUID(response["X-Trace-Id"])


def test_a_ledger_that_cannot_be_written_changes_no_answer(api, cv, monkeypatch):
    def fails(*_, **__):
        raise DatabaseError("the disk is full")

    monkeypatch.setattr(ledger.RequestTrace.objects, "create", fails)
    assert api.post(REQUEST, cv.request()).status_code == 200
