"""The chunked door: init, chunk, complete, cancel, the state of a session, the list for ops."""

import hashlib
import uuid
from datetime import timedelta

import pytest
from django.db.models.functions import Now

from ats.tests.builders import assert_envelope, at_once
from uploads.models import Assessment, RequestTrace, UploadChunk, UploadSession
from uploads.storage import get_store
from uploads.tests.chunks import (
    CHUNK,
    DOOR,
    begun,
    end,
    form,
    make_bytes,
    pieces,
    send_body,
    send_chunk,
    sent,
    start,
    state,
    the_session,
)

NOT_FOUND = "Upload session not found"


def test_init_answers_what_a_client_needs(api):
    content = make_bytes(CHUNK + 1)
    body = start(api, content).json()
    session = the_session(body["upload_id"])
    assert body == {
        "upload_id": str(session.pk),
        "chunk_size": CHUNK,
        "total_chunks": 2,
        "expires_at": int(session.expires_at.timestamp()),
        "message": "Upload session initialized",
    }
    assert session.key == f"sessions/{session.pk}.mp4"


def test_init_takes_a_form_and_json(api):
    asked = "filename=talk.mp4&file_size=10&total_chunks=1"
    assert api.post(f"{DOOR}/init", asked, "application/x-www-form-urlencoded").status_code == 200
    assert start(api, b"x" * 10).status_code == 200


def test_json_under_a_form_header_is_told_so(api):
    response = api.post(f"{DOOR}/init", '{"filename": "a.mp4"}', "application/x-www-form-urlencoded")
    detail = assert_envelope(response, 422)["detail"]
    assert "JSON" in detail
    assert "application/x-www-form-urlencoded" in detail


def test_init_names_the_right_number_of_chunks(api):
    body = assert_envelope(start(api, b"x" * 10, total_chunks=7), 422, field="total_chunks")
    assert "are 1 chunks" in body["errors"]["total_chunks"][0]


BAD = [
    ("file_size", 0), ("file_size", -1), ("file_size", "10"), ("file_size", 10.0), ("file_size", 10**15),
    ("filename", ""), ("filename", "a/b.mp4"), ("filename", "run.exe"), ("filename", "a\u202e.mp4"), ("filename", 7),
    ("total_chunks", 0), ("total_chunks", True),
]  # fmt: skip


@pytest.mark.parametrize(("field", "value"), BAD)
def test_init_refuses_what_cannot_be(api, field, value):
    assert_envelope(start(api, b"x" * 10, **{field: value}), 422, field=field)
    assert not UploadSession.objects.exists()


def test_a_cv_over_the_limit_for_cvs_is_refused_at_init(api):
    too_large = 11 * 2**20
    assert_envelope(start(api, b"x", "cv.pdf", file_size=too_large, total_chunks=3), 422, field="file_size")


def test_each_chunk_says_how_far_the_upload_has_come(api):
    content = make_bytes(2 * CHUNK + 10)
    upload_id = begun(api, content)
    bodies = [send_chunk(api, upload_id, index, piece).json() for index, piece in enumerate(pieces(content))]
    assert [(body["received_chunks"], body["progress"]) for body in bodies] == [(1, 33.3), (2, 66.7), (3, 100.0)]
    assert bodies[1] == {
        "upload_id": upload_id,
        "chunk_index": 1,
        "received_chunks": 2,
        "total_chunks": 3,
        "progress": 66.7,
    }


def test_chunks_come_in_any_order(api):
    content = make_bytes(2 * CHUNK + 10)
    upload_id = begun(api, content)
    for index in (2, 0):
        assert send_chunk(api, upload_id, index, pieces(content)[index]).status_code == 200
    assert state(api, upload_id)["received"] == [0, 2]


def test_a_chunk_sent_twice_counts_once_and_the_last_one_wins(api):
    right, wrong = b"right" * 10, b"wrong" * 10
    upload_id = begun(api, right)
    for piece in (wrong, wrong, right):
        assert send_chunk(api, upload_id, 0, piece).json()["received_chunks"] == 1
    assert UploadChunk.objects.count() == 1
    session = the_session(upload_id)
    get_store().complete_multipart(session.key, session.multipart_upload_id, session.parts())
    with get_store().open(get_store().head(session.key)) as stream:
        assert stream.read() == right


@pytest.mark.parametrize("piece", [b"short", b"x" * (CHUNK + 1), b""])
def test_a_chunk_of_another_length_is_refused(api, piece):
    upload_id = begun(api, make_bytes(CHUNK + 10))
    body = assert_envelope(send_chunk(api, upload_id, 0, piece), 422, field="chunk")
    assert body["detail"] == f"Chunk 0 of this upload has {CHUNK} bytes, not {len(piece)}."
    assert state(api, upload_id)["received"] == []


def test_a_wrong_checksum_is_refused_and_the_right_one_is_taken(api):
    content = make_bytes(1000)
    upload_id = begun(api, content)
    assert_envelope(send_chunk(api, upload_id, 0, content, "0" * 64), 422, field="sha256")
    assert_envelope(send_chunk(api, upload_id, 0, content, "no hash"), 422, field="sha256")
    assert state(api, upload_id)["received"] == []
    assert send_chunk(api, upload_id, 0, content, hashlib.sha256(content).hexdigest().upper()).status_code == 200


def test_a_chunk_that_is_being_replaced_has_not_arrived(api):
    content = make_bytes(1000)
    upload_id = sent(api, content)
    assert state(api, upload_id)["received"] == [0]
    the_session(upload_id).begin_chunk(0)
    assert state(api, upload_id)["received"] == []
    assert_envelope(end(api, upload_id), 400, "missing_chunks")


def test_a_failed_replacement_leaves_the_chunk_missing(api):
    content = make_bytes(1000)
    upload_id = sent(api, content)
    assert_envelope(send_chunk(api, upload_id, 0, b"x" * 1000, "0" * 64), 422, field="sha256")
    assert state(api, upload_id)["received"] == []


@pytest.mark.parametrize("index", [2, -1, 10**20])
def test_an_index_out_of_range_is_named(api, index):
    upload_id = begun(api, make_bytes(CHUNK + 10))
    body = assert_envelope(send_chunk(api, upload_id, index, b"x"), 400, "invalid_chunk_index")
    assert body["detail"] == "Invalid chunk index: this upload has the chunks 0 to 1"


def test_an_index_that_is_no_number_is_a_fault_of_the_field(api):
    assert_envelope(send_chunk(api, begun(api, b"x" * 10), "one", b"x" * 10), 422, field="chunk_index")


def test_a_chunk_comes_as_a_file_in_a_form(api):
    upload_id = begun(api, b"x" * 10)
    no_chunk = form(("upload_id", upload_id), ("chunk_index", 0))
    assert_envelope(send_body(api, no_chunk), 422, field="chunk")
    assert_envelope(api.post(f"{DOOR}/chunk", {"upload_id": upload_id}), 415)


def test_complete_lists_what_is_missing(api):
    content = make_bytes(2 * CHUNK + 10)
    upload_id = begun(api, content)
    send_chunk(api, upload_id, 1, pieces(content)[1])
    body = assert_envelope(end(api, upload_id), 400, "missing_chunks")
    assert body["detail"] == "Missing chunks: 0, 2 (2 of 3)"


def test_at_most_a_hundred_missing_chunks_are_listed(api):
    response = start(api, b"", file_size=150 * CHUNK, total_chunks=150)
    detail = assert_envelope(end(api, response.json()["upload_id"]), 400)["detail"]
    assert detail.endswith("98, 99, … (150 of 150)")


def test_complete_promises_a_video_its_assessment(api):
    upload_id = sent(api, make_bytes(CHUNK + 10))
    response = end(api, upload_id)
    assessment = Assessment.objects.get()
    assert response.status_code == 202
    assert response.json() == {
        "assessment_id": str(assessment.pk),
        "filename": "talk.mp4",
        "message": "Upload complete, the file is being checked",
        "status": "verifying",
        "doc_id": None,
    }
    assert assessment.status == "processing"


def test_a_cv_has_no_assessment(api, cv):
    response = end(api, sent(api, cv.content, cv.file_name))
    assert response.json()["assessment_id"] is None


@pytest.mark.django_db(transaction=True)
def test_twenty_completes_at_once_have_one_answer(api):
    upload_id = sent(api, make_bytes(1000))
    answers = at_once(20, lambda _: end(api, upload_id))
    assert {answer.status_code for answer in answers} == {202}
    assert len({answer.content for answer in answers}) == 1
    assert Assessment.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_chunks_may_come_at_once_and_the_same_one_twice(api):
    content = make_bytes(3 * CHUNK + 5)
    upload_id, order = begun(api, content), [3, 1, 0, 2, 1, 3]
    answers = at_once(6, lambda number: send_chunk(api, upload_id, order[number], pieces(content)[order[number]]))
    assert {answer.status_code for answer in answers} == {200}, [answer.content for answer in answers]
    assert state(api, upload_id)["received"] == [0, 1, 2, 3]


def test_after_completion_no_chunk_comes_in_and_nothing_is_cancelled(api):
    content = make_bytes(1000)
    upload_id = sent(api, content)
    end(api, upload_id)
    assert_envelope(send_chunk(api, upload_id, 0, content), 409, "upload_completed")
    assert_envelope(api.post(f"{DOOR}/cancel", {"upload_id": upload_id}), 409, "upload_completed")
    assert_envelope(api.delete(f"{DOOR}/{upload_id}"), 409, "upload_completed")


def test_cancel_frees_the_bytes(api):
    content = make_bytes(1000)
    upload_id = sent(api, content)
    response = api.post(f"{DOOR}/cancel", {"upload_id": upload_id})
    assert (response.status_code, response.json()) == (200, {"upload_id": upload_id, "message": "Upload cancelled"})
    assert list(get_store().multiparts()) == []
    assert not UploadChunk.objects.exists()
    assert assert_envelope(send_chunk(api, upload_id, 0, content), 404)["detail"] == NOT_FOUND
    assert_envelope(api.post(f"{DOOR}/cancel", {"upload_id": upload_id}), 404)


def test_delete_is_cancel(api):
    upload_id = sent(api, make_bytes(1000))
    assert api.delete(f"{DOOR}/{upload_id}/").json() == {"upload_id": upload_id, "message": "Upload cancelled"}
    assert_envelope(api.get(f"{DOOR}/{upload_id}"), 404)


@pytest.mark.parametrize("upload_id", [str(uuid.UUID(int=1)), "nonsense", "../../etc"])
def test_an_unknown_session_is_not_found(api, upload_id):
    for response in (end(api, upload_id), send_chunk(api, upload_id, 0, b"x")):
        assert assert_envelope(response, 404, "session_not_found")["detail"] == NOT_FOUND


def test_a_session_is_closed_to_colleagues(api, other, nobody, anonymous):
    content = make_bytes(1000)
    upload_id = begun(api, content)
    for response in (
        send_chunk(other, upload_id, 0, content),
        end(other, upload_id),
        other.get(f"{DOOR}/{upload_id}"),
        other.delete(f"{DOOR}/{upload_id}"),
        other.post(f"{DOOR}/cancel", {"upload_id": upload_id}),
    ):
        assert assert_envelope(response, 404, "session_not_found")["detail"] == NOT_FOUND
    assert_envelope(start(nobody, content), 403)
    assert_envelope(send_chunk(nobody, upload_id, 0, content), 403)
    assert_envelope(start(anonymous, content), 401)
    assert_envelope(send_chunk(anonymous, upload_id, 0, content), 401)


def test_an_expired_session_is_gone(api):
    content = make_bytes(1000)
    upload_id = sent(api, content)
    UploadSession.objects.update(expires_at=Now() - timedelta(seconds=1))
    for response in (send_chunk(api, upload_id, 0, content), end(api, upload_id), api.get(f"{DOOR}/{upload_id}")):
        assert assert_envelope(response, 404)["detail"] == NOT_FOUND


def test_each_chunk_slides_the_expiry(api):
    content = make_bytes(CHUNK + 10)
    upload_id = begun(api, content)
    UploadSession.objects.update(expires_at=Now() + timedelta(seconds=60))
    before = the_session(upload_id).expires_at
    send_chunk(api, upload_id, 1, pieces(content)[1])
    assert the_session(upload_id).expires_at - before > timedelta(hours=23)


def test_a_client_goes_on_by_what_the_session_says(api):
    content = make_bytes(CHUNK + 10)
    upload_id = begun(api, content)
    send_chunk(api, upload_id, 1, pieces(content)[1])
    session = the_session(upload_id)
    assert state(api, upload_id) == {
        "upload_id": upload_id,
        "filename": "talk.mp4",
        "status": "open",
        "received": [1],
        "total_chunks": 2,
        "expires_at": int(session.expires_at.timestamp()),
        "doc_id": None,
        "assessment_id": None,
        "message": "Waiting for chunks",
        "parse_status": None,
    }


def test_ops_list_the_sessions_and_recruiters_do_not(api, reviewer, ops):
    upload_id = begun(api, make_bytes(1000))
    cancelled = begun(api, make_bytes(1000))
    api.delete(f"{DOOR}/{cancelled}")
    for caller in (api, reviewer):
        assert_envelope(caller.get(f"{DOOR}/sessions"), 403)
    body = ops.get(f"{DOOR}/sessions").json()
    assert (body["active_sessions"], body["session_ids"]) == (1, [upload_id])
    assert body["sessions"][0]["received_chunks"] == 0
    assert "talk.mp4" not in str(body)


def test_the_daily_log_says_what_the_operator_looks_for(api, settings, capsys):
    upload_id = sent(api, make_bytes(1000))
    [log] = settings.LOG_DIR.glob("chunked-upload-????-??-??.log")
    assert [line.partition("] ")[2] for line in log.read_text().splitlines()] == [
        f"local.INFO: Initialized upload session {upload_id} for talk.mp4 {{}}",
        "local.INFO: Active sessions: 1 {}",
        f"local.INFO: Chunk upload request for session {upload_id}, chunk 0 {{}}",
    ]
    assert "talk.mp4" not in "".join(capsys.readouterr())  # the console is kept by others, and not blacked out


def test_every_call_leaves_its_row_in_the_ledger(api):
    end(api, sent(api, make_bytes(1000)))
    operations = RequestTrace.objects.order_by("pk").values_list("operation", flat=True)
    assert list(operations) == ["chunked_upload.init", "chunked_upload.chunk", "chunked_upload.complete"]


def test_a_store_that_is_away_is_a_503_and_nothing_is_left(api, store_away):
    store_away()
    assert_envelope(start(api, make_bytes(1000)), 503, "store_unavailable")
    assert not UploadSession.objects.exists()


def test_a_store_that_goes_away_meanwhile_leaves_the_chunk_missing(api, store_away):
    content = make_bytes(1000)
    upload_id = begun(api, content)
    store_away()
    assert_envelope(send_chunk(api, upload_id, 0, content), 503, "store_unavailable")
    assert not UploadChunk.objects.received().exists()
