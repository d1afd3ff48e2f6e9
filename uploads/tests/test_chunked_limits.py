"""How much one user may have under way, and what is swept when nobody comes back."""

from datetime import timedelta

import pytest
from django.core.management import call_command
from django.db import IntegrityError, transaction
from django.db.models.functions import Now

from ats import limits
from ats.tests.builders import assert_envelope, at_once
from uploads.checks import chunks_have_the_size_that_clients_know
from uploads.cleanup import Cleanup
from uploads.models import Assessment, Document, UploadChunk, UploadSession
from uploads.storage import get_store
from uploads.tasks import verify_session
from uploads.tests.chunks import begun, end, make_bytes, send_chunk, sent, start, state, the_session

DAY = timedelta(hours=24)


def make_old(**by):
    long_ago = Now() - timedelta(**by)
    UploadSession.objects.update(expires_at=long_ago, updated_at=long_ago, created_at=long_ago)


@pytest.mark.django_db(transaction=True)
def test_open_sessions_are_capped_even_for_fifty_calls_at_once(api, settings):
    settings.UPLOAD_OPEN_SESSIONS = 10
    statuses = [response.status_code for response in at_once(50, lambda _: start(api, b"x" * 10))]
    assert (statuses.count(200), statuses.count(429)) == (10, 40)
    assert UploadSession.objects.count() == 10


def test_a_user_over_the_cap_is_told_when_to_come_back(api, other, settings):
    settings.UPLOAD_OPEN_SESSIONS = 1
    upload_id = begun(api, b"x" * 10)
    response = start(api, b"x" * 10)
    assert_envelope(response, 429, "too_many_sessions")
    assert int(response["Retry-After"]) > 0
    assert start(other, b"x" * 10).status_code == 200
    api.delete(f"/api/chunked-upload/{upload_id}")
    assert start(api, b"x" * 10).status_code == 200


def test_bytes_in_flight_are_capped(api, settings):
    settings.UPLOAD_OPEN_BYTES = 25
    assert [start(api, b"x" * 10).status_code for _ in range(3)] == [200, 200, 429]


def test_expired_sessions_do_not_count(api, settings):
    settings.UPLOAD_OPEN_SESSIONS = 1
    begun(api, b"x" * 10)
    make_old(seconds=1)
    assert start(api, b"x" * 10).status_code == 200


def test_calls_are_limited_for_each_user(api, settings):
    settings.RATES = {**settings.RATES, "chunked": 2}
    statuses = [start(api, b"x" * 10).status_code for _ in range(3)]
    assert statuses == [200, 200, 429]


def test_chunks_do_not_count_among_the_other_calls(api, settings, monkeypatch):
    monkeypatch.setattr(limits, "WINDOW", 10**9)  # the test does not fall between two minutes
    settings.RATES = {**settings.RATES, "chunked": 1, "chunks": 3}
    content = make_bytes(10)
    upload_id = begun(api, content)
    assert [send_chunk(api, upload_id, 0, content).status_code for _ in range(4)] == [200, 200, 200, 429]


# --- Cleanup --------------------------------------------------------------------------------------------------------


def test_cleanup_ends_expired_sessions_and_frees_their_bytes(api):
    upload_id, kept = sent(api, make_bytes(1000)), sent(api, make_bytes(1000))
    UploadSession.objects.filter(pk=upload_id).update(expires_at=Now() - timedelta(seconds=1))
    assert Cleanup(DAY, dry_run=True).run()["expired upload sessions ended"] == 1
    assert Cleanup(DAY).run()["expired upload sessions ended"] == 1
    assert the_session(upload_id).status == "expired"
    assert [str(chunk.session_id) for chunk in UploadChunk.objects.all()] == [kept]
    assert [upload.upload_id for upload in get_store().multiparts()] == [the_session(kept).multipart_upload_id]
    assert Cleanup(DAY).run()["expired upload sessions ended"] == 0


@pytest.mark.parametrize("how", ["cleanup", "cancel"])
def test_a_session_that_died_before_the_store_knew_of_it_ends_like_the_others(api, how):
    session = UploadSession.objects.start(api.user, filename="talk.mp4", file_size=10, extension="mp4")
    if how == "cancel":
        assert api.delete(f"/api/chunked-upload/{session.pk}").status_code == 200
    else:
        make_old(seconds=1)
        assert Cleanup(DAY).run()["expired upload sessions ended"] == 1
    assert the_session(session.pk).status in ("cancelled", "expired")


def test_cleanup_forgets_sessions_that_ended_long_ago(api):
    upload_id = sent(api, make_bytes(1000))
    end(api, upload_id)
    verify_session(upload_id)
    make_old(hours=25)
    assert Cleanup(DAY).run()["old upload sessions removed"] == 1
    assert not UploadSession.objects.exists()
    assert Assessment.objects.get().document == Document.objects.get()


def test_a_failed_assessment_goes_with_its_session(api):
    upload_id = sent(api, b"no video" * 100)
    end(api, upload_id)
    verify_session(upload_id)
    make_old(hours=25)
    Cleanup(DAY).run()
    assert not Assessment.objects.exists()


def test_cleanup_touches_no_upload_that_is_under_way(api):
    receiving, verifying = sent(api, make_bytes(1000)), sent(api, make_bytes(1000))
    end(api, verifying)
    session = the_session(verifying)
    get_store().complete_multipart(session.key, session.multipart_upload_id, session.parts())
    call_command("cleanup_uploads", "--older-than", "0s")
    assert state(api, receiving)["received"] == [0]
    verify_session(verifying)
    assert state(api, verifying)["status"] == "done"
    end(api, receiving)
    verify_session(receiving)
    assert state(api, receiving)["status"] == "done"


def test_a_session_between_object_and_document_is_no_finding_of_the_audit(api):
    upload_id = sent(api, make_bytes(1000))
    end(api, upload_id)
    session = the_session(upload_id)
    get_store().complete_multipart(session.key, session.multipart_upload_id, session.parts())
    call_command("audit_storage")


# --- Constraints and checks -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "columns", [{"status": "done"}, {"status": "verifying"}, {"status": "failed"}, {"file_size": 0}]
)
def test_the_table_refuses_a_state_without_what_it_implies(api, columns):
    begun(api, b"x" * 10)
    with pytest.raises(IntegrityError), transaction.atomic():
        UploadSession.objects.update(**columns)


def test_the_table_refuses_a_second_row_for_a_chunk(api):
    session = the_session(sent(api, make_bytes(10)))
    with pytest.raises(IntegrityError), transaction.atomic():
        UploadChunk.objects.create(session=session, index=0, size=10, received_at=Now())


@pytest.mark.parametrize("columns", [{"received_at": None}, {"size": None}])
def test_the_table_refuses_a_chunk_that_neither_comes_nor_is_there(api, columns):
    sent(api, make_bytes(10))
    with pytest.raises(IntegrityError), transaction.atomic():
        UploadChunk.objects.update(**columns)


@pytest.mark.parametrize("columns", [{"status": "ready"}, {"status": "failed"}])
def test_the_table_refuses_an_assessment_without_what_its_state_implies(api, columns):
    end(api, sent(api, make_bytes(10)))
    with pytest.raises(IntegrityError), transaction.atomic():
        Assessment.objects.update(**columns)


def test_another_chunk_size_is_warned_about(settings):
    settings.S3_BUCKET = ""
    assert chunks_have_the_size_that_clients_know(None) == []
    settings.UPLOAD_CHUNK_BYTES = 2**20
    assert [warning.id for warning in chunks_have_the_size_that_clients_know(None)] == ["uploads.W003"]
    settings.S3_BUCKET = "bucket"
    assert [warning.id for warning in chunks_have_the_size_that_clients_know(None)] == ["uploads.W003", "uploads.W004"]
    settings.UPLOAD_CHUNK_BYTES, settings.UPLOAD_MAX_BYTES = 5 * 2**20, 50 * 2**30
    assert [warning.id for warning in chunks_have_the_size_that_clients_know(None)] == ["uploads.W005"]
