"""After `complete`: the whole is hashed by a worker, and only then is there a document."""

import hashlib
import uuid
from datetime import timedelta

import pytest
from django.db.models.functions import Now

from ats.tests.builders import at_once, capture, make_cv, put_object, read_back
from uploads.models import Assessment, Document, ErrorLog, UploadChunk, UploadSession
from uploads.storage import get_store
from uploads.tasks import sweep_sessions, verify_session
from uploads.tests.chunks import CHUNK, end, make_bytes, sent, state, the_session


def completed(caller, content, filename="talk.mp4"):
    upload_id = sent(caller, content, filename)
    assert end(caller, upload_id).status_code == 202
    return upload_id


def all_keys():
    return sorted(placed.key for placed in get_store().versions())


def test_the_whole_becomes_a_document_with_its_hash(api):
    content = make_bytes(2 * CHUNK + 10)
    upload_id = completed(api, content)
    verify_session(upload_id)
    document = Document.objects.get()
    assert document.doc_hash_256 == hashlib.sha256(content).hexdigest()
    assert (document.is_stored, document.original_filename) == (True, "talk.mp4")
    assert document.s3_key == f"sessions/{upload_id}.mp4"
    assert read_back(document.pinned) == content
    assert not UploadChunk.objects.exists()


def test_complete_again_after_the_end_has_the_same_assessment_and_the_document(api):
    upload_id = sent(api, make_bytes(1000))
    first = end(api, upload_id).json()
    verify_session(upload_id)
    again = end(api, upload_id)
    assert again.status_code == 200
    assert again.json() == {
        **first,
        "status": "done",
        "message": "Upload complete, the file is stored",
        "doc_id": str(Document.objects.get().pk),
    }


def test_the_session_says_what_came_of_it(api):
    upload_id = completed(api, make_bytes(CHUNK + 10))
    assert (state(api, upload_id)["status"], state(api, upload_id)["received"]) == ("verifying", [0, 1])
    verify_session(upload_id)
    after = state(api, upload_id)
    assert (after["status"], after["received"]) == ("done", [0, 1])
    assert after["doc_id"] == str(Document.objects.get().pk)
    assert after["assessment_id"] == str(Assessment.objects.get().pk)


def test_a_cv_waits_for_its_reader(api, cv):
    verify_session(completed(api, cv.content, cv.file_name))
    document = Document.objects.get()
    assert (document.doc_hash_256, document.parse_status) == (cv.sha256, "pending")


def test_a_word_cv_is_proven_by_all_of_it(api):
    cv = make_cv(extension="docx")
    verify_session(completed(api, cv.content, cv.file_name))
    assert Document.objects.get().is_stored


def test_known_bytes_end_in_the_document_that_exists(api, cv):
    capture(api, cv)
    known = Document.objects.get()
    upload_id = completed(api, cv.content, "another name.pdf")
    verify_session(upload_id)
    assert state(api, upload_id)["doc_id"] == str(known.pk)
    assert all_keys() == [known.s3_key]
    known.refresh_from_db()
    assert known.original_filename == cv.file_name


def test_the_same_video_twice_has_two_assessments_of_one_document(api, other):
    content = make_bytes(1000)
    for caller in (api, other):
        verify_session(completed(caller, content))
    document = Document.objects.get()
    assert [assessment.document_id for assessment in Assessment.objects.all()] == [document.pk] * 2
    assert len(all_keys()) == 1


def test_bytes_that_are_no_video_fail_with_a_reason(api):
    upload_id = completed(api, b"no video" * 100)
    verify_session(upload_id)
    after = state(api, upload_id)
    assert (after["status"], after["message"]) == ("failed", "The content of this file is not what its name says.")
    assessment = Assessment.objects.get()
    assert (assessment.status, assessment.message) == ("failed", after["message"])
    assert end(api, upload_id).status_code == 200
    assert (all_keys(), list(get_store().multiparts()), Document.objects.count()) == ([], [], 0)
    assert ErrorLog.objects.get().code == "CONTENT_MISMATCH"


def test_parts_that_are_gone_fail_with_a_reason(api):
    upload_id = completed(api, make_bytes(1000))
    session = the_session(upload_id)
    get_store().abort_multipart(session.key, session.multipart_upload_id)
    verify_session(upload_id)
    assert state(api, upload_id)["message"] == "Not all of this file is in the store. Please send it again."


def test_a_worker_that_died_after_gathering_is_followed_by_another(api):
    content = make_bytes(CHUNK + 10)
    upload_id = completed(api, content)
    session = the_session(upload_id)
    get_store().complete_multipart(session.key, session.multipart_upload_id, session.parts())
    verify_session(upload_id)
    assert Document.objects.get().doc_hash_256 == hashlib.sha256(content).hexdigest()


def test_a_task_that_comes_twice_or_for_nothing_does_no_harm(api):
    upload_id = completed(api, make_bytes(1000))
    verify_session(upload_id)
    verify_session(upload_id)
    verify_session(str(uuid.uuid4()))
    assert Document.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_five_workers_at_once_make_one_document(api):
    upload_id = completed(api, make_bytes(CHUNK + 10))
    at_once(5, lambda _: verify_session(upload_id))
    assert the_session(upload_id).status == "done"
    assert len(all_keys()) == Document.objects.count() == 1


def test_a_worker_that_lost_its_claim_changes_nothing(api, cv):
    upload_id = completed(api, cv.content, cv.file_name)
    late = UploadSession.objects.claim_for_verifying(upload_id)
    UploadSession.objects.update(verify_due_at=Now() - timedelta(seconds=1))
    verify_session(upload_id)
    document = Document.objects.get()
    assert not late.mark_done(document)
    assert not late.mark_failed("late", "Too late.")
    assert not late.renew_lease()
    assert the_session(upload_id).status == "done"


def test_the_sweep_takes_back_what_a_dead_worker_held(api):
    upload_id = completed(api, make_bytes(1000))
    UploadSession.objects.claim_for_verifying(upload_id)
    assert UploadSession.objects.claim_for_verifying(upload_id) is None
    assert sweep_sessions() == 0
    UploadSession.objects.update(verify_due_at=Now() - timedelta(seconds=1))
    assert sweep_sessions() == 1
    assert UploadSession.objects.claim_for_verifying(upload_id).verify_attempts == 2


def test_after_three_attempts_it_has_failed_with_a_reason(api):
    upload_id = completed(api, make_bytes(1000))
    for _ in range(3):
        assert UploadSession.objects.claim_for_verifying(upload_id)
        UploadSession.objects.update(verify_due_at=Now() - timedelta(seconds=1))
    assert UploadSession.objects.claim_for_verifying(upload_id) is None
    sweep_sessions()
    assert state(api, upload_id)["message"] == "The check of this file stopped several times. Please send it again."
    assert Assessment.objects.get().status == "failed"


def test_a_store_that_is_away_costs_no_attempt(api, store_away):
    upload_id = completed(api, make_bytes(1000))
    store_away()
    verify_session(upload_id)
    session = the_session(upload_id)
    assert (session.status, session.verify_attempts) == ("verifying", 0)
    assert ErrorLog.objects.get().code == "S3_ERROR"


def test_a_promise_for_the_same_bytes_is_kept_by_the_upload(api, cv):
    api.post("/upload/request", cv.request())
    verify_session(completed(api, cv.content, cv.file_name))
    assert Document.objects.get().is_stored


def test_an_object_at_the_key_of_another_size_is_not_believed(api, cv):
    upload_id = completed(api, make_bytes(1000))
    put_object(cv, the_session(upload_id).key)
    verify_session(upload_id)
    assert state(api, upload_id)["status"] == "failed"
