"""The states of a document: how they move, what each implies, who may work on it and for how long."""

from __future__ import annotations

import itertools
import uuid
from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction

from ats.tests.builders import age, at_once, promised, put_object, stored
from uploads.filetypes import BY_EXTENSION
from uploads.models import Document
from uploads.states import LEASE, MAX_ATTEMPTS

pytestmark = pytest.mark.django_db
Upload, Parse = Document.UploadStatus, Document.ParseStatus
PDF_TYPE = BY_EXTENSION["pdf"]
PARSED = {"basics": {"name": "Asha Verma"}}


# --- The walk over all pairs of states --------------------------------------------------------------------------------

UPLOAD_VERBS = {
    "promise": lambda document, cv: promised(cv),
    "keep": lambda document, cv: stored(cv),
    "mark_stored": lambda document, cv: document.mark_stored(put_object(cv, document.s3_key), PDF_TYPE),
    "mark_failed": lambda document, cv: document.mark_failed("hash_mismatch"),
}
UPLOAD_ARROWS = {
    ("promise", Upload.PENDING): Upload.URL_GENERATED,
    ("promise", Upload.FAILED): Upload.URL_GENERATED,
    ("keep", Upload.PENDING): Upload.COMPLETE,
    ("keep", Upload.URL_GENERATED): Upload.COMPLETE,
    ("keep", Upload.FAILED): Upload.COMPLETE,
    ("mark_stored", Upload.PENDING): Upload.COMPLETE,
    ("mark_stored", Upload.URL_GENERATED): Upload.COMPLETE,
    ("mark_failed", Upload.PENDING): Upload.FAILED,
    ("mark_failed", Upload.URL_GENERATED): Upload.FAILED,
}


def in_upload_state(cv, state):
    if state == Upload.COMPLETE:
        return stored(cv)
    document = promised(cv)
    if state == Upload.FAILED:
        document.mark_failed("expired")
    if state == Upload.PENDING:
        Document.objects.filter(pk=document.pk).update(upload_status=state)
    document.refresh_from_db()
    return document


@pytest.mark.parametrize(("verb", "state"), list(itertools.product(UPLOAD_VERBS, Upload.values)))
def test_uploads_move_along_their_arrows_only(cv, verb, state):
    document = in_upload_state(cv, state)
    UPLOAD_VERBS[verb](document, cv)
    document.refresh_from_db()
    assert document.upload_status == UPLOAD_ARROWS.get((verb, state), state)


PARSE_VERBS = {
    "claim": lambda document: Document.objects.claim_for_parsing(document.pk),
    "parsed": lambda document: document.mark_parsed(PARSED, "text", 1),
    "unreadable": lambda document: document.mark_unreadable("damaged", "It is damaged."),
    "put_off": lambda document: document.put_off_parsing(timedelta(seconds=15)),
    "read_again": lambda document: document.read_again(),
    "sweep": lambda document: Document.objects.take_back_readings(10),
}
PARSE_ARROWS = {
    ("claim", Parse.PENDING): Parse.RUNNING,
    ("parsed", Parse.RUNNING): Parse.COMPLETED,
    ("unreadable", Parse.RUNNING): Parse.FAILED,
    ("put_off", Parse.RUNNING): Parse.PENDING,
    ("read_again", Parse.COMPLETED): Parse.PENDING,
    ("read_again", Parse.FAILED): Parse.PENDING,
}


def in_parse_state(cv, state):
    document = stored(cv)
    if state == Parse.NOT_NEEDED:
        Document.objects.filter(pk=document.pk).update(parse_status=state, parse_due_at=None)
    elif state != Parse.PENDING:
        document = Document.objects.claim_for_parsing(document.pk)
        if state == Parse.COMPLETED:
            document.mark_parsed(PARSED, "text", 1)
        elif state == Parse.FAILED:
            document.mark_unreadable("damaged", "It is damaged.")
    return document


@pytest.mark.parametrize(("verb", "state"), list(itertools.product(PARSE_VERBS, Parse.values)))
def test_readings_move_along_their_arrows_only(cv, verb, state):
    document = in_parse_state(cv, state)
    PARSE_VERBS[verb](document)
    document.refresh_from_db()
    assert document.parse_status == PARSE_ARROWS.get((verb, state), state)


def test_the_bell_rings_once_for_each_stored_document(cv, rung):
    document = promised(cv)
    placed = put_object(cv, document.s3_key)
    assert rung(lambda: document.mark_stored(placed, PDF_TYPE)) == 1
    assert rung(lambda: document.mark_stored(placed, PDF_TYPE)) == 0
    reader = Document.objects.claim_for_parsing(document.pk)
    reader.mark_parsed(PARSED, "text", 1)
    assert rung(document.read_again) == 1
    assert rung(document.read_again) == 0


# --- Constraints ------------------------------------------------------------------------------------------------------

BROKEN = {
    "document_hash_is_sha256": {"doc_hash_256": "G" * 64},
    "document_has_bytes": {"file_size_bytes": 0},
    "document_with_url_has_its_times": {"s3_url_expires_at": None},
    "document_complete_is_verified": {"upload_status": Upload.COMPLETE},
    "document_failed_has_a_code": {"upload_status": Upload.FAILED},
    "document_read_only_when_complete": {"parse_status": Parse.FAILED, "parse_reason": "x"},
    "document_read_has_a_result": {"parse_status": Parse.COMPLETED},
    "document_unreadable_has_a_reason": {"parse_status": Parse.FAILED},
    "document_being_read_has_a_lease": {"parse_status": Parse.RUNNING},
    "document_to_be_read_is_due": {"parse_status": Parse.PENDING, "parse_due_at": None},
}


@pytest.mark.parametrize("name", [constraint.name for constraint in Document._meta.constraints])
def test_each_state_is_tied_to_what_it_implies(cv, name):
    needs_bytes = name.startswith(("document_read_has", "document_unreadable", "document_being", "document_to_be"))
    document = stored(cv) if needs_bytes else promised(cv)
    with pytest.raises(IntegrityError, match=name), transaction.atomic():
        Document.objects.filter(pk=document.pk).update(**BROKEN[name])


def test_one_document_for_a_hash(cv):
    promised(cv)
    facts = {"doc_hash_256": cv.sha256, "file_size_bytes": 1, "s3_key": "x", "original_filename": "cv.pdf"}
    with pytest.raises(IntegrityError), transaction.atomic():
        Document.objects.create(**facts)


# --- Claims -----------------------------------------------------------------------------------------------------------


@pytest.mark.django_db(transaction=True)
def test_ten_workers_at_once_claim_one_reading(cv):
    document = stored(cv)
    claims = at_once(10, lambda _: Document.objects.claim_for_parsing(document.pk))
    [claimed] = [claim for claim in claims if claim]
    assert (claimed.pk, claimed.parse_attempts) == (document.pk, 1)


def test_a_claim_that_is_not_renewed_is_taken_back(cv):
    claimed = Document.objects.claim_for_parsing(stored(cv).pk)
    assert Document.objects.take_back_readings(10) == []
    age(claimed, seconds=LEASE.seconds + 1)
    assert Document.objects.take_back_readings(10) == [claimed.pk]
    again = Document.objects.claim_for_parsing(claimed.pk)
    assert again.parse_attempts == 2
    assert not claimed.mark_parsed(PARSED, "late", 1)  # whose lease is over ends nothing
    assert again.mark_parsed(PARSED, "text", 1)


def test_a_claim_that_is_renewed_stays(cv):
    claimed = Document.objects.claim_for_parsing(stored(cv).pk)
    age(claimed, seconds=LEASE.seconds + 1)
    assert claimed.renew_parse_lease()
    assert Document.objects.take_back_readings(10) == []


def test_what_nobody_heard_is_queued_again_but_not_at_once_again(cv):
    waiting = age(stored(cv), seconds=LEASE.seconds + 1)
    assert Document.objects.take_back_readings(10) == [waiting.pk]
    assert Document.objects.take_back_readings(10) == []


def test_three_attempts_and_no_more(cv):
    document = stored(cv)
    for attempt in range(1, MAX_ATTEMPTS + 1):
        assert Document.objects.claim_for_parsing(document.pk).parse_attempts == attempt
        age(Document.objects.get(), seconds=LEASE.seconds + 1)
        Document.objects.take_back_readings(10)
    document.refresh_from_db()
    assert (document.parse_status, document.parse_code) == (Parse.FAILED, "crashed")
    assert document.parse_reason
    assert Document.objects.claim_for_parsing(document.pk) is None


def test_an_attempt_that_could_not_begin_does_not_count(cv):
    claimed = Document.objects.claim_for_parsing(stored(cv).pk)
    claimed.put_off_parsing(timedelta(seconds=15))
    claimed.refresh_from_db()
    assert (claimed.parse_status, claimed.parse_attempts) == (Parse.PENDING, 0)
    assert Document.objects.take_back_readings(10) == []


def test_a_reading_by_hand_has_all_its_attempts_again(cv):
    document = in_parse_state(cv, Parse.FAILED)
    document.read_again()
    assert Document.objects.claim_for_parsing(document.pk).parse_attempts == 1


def test_a_document_that_is_gone_is_claimed_by_nobody():
    assert Document.objects.claim_for_parsing(uuid.uuid4()) is None
    assert Document.objects.claim_for_verifying(uuid.uuid4()) is None


def test_a_proof_is_asked_for_once_and_claimed_once(cv):
    document = promised(cv)
    assert document.request_verification()
    assert not document.request_verification()
    first = Document.objects.claim_for_verifying(document.pk)
    assert first.verify_attempts == 1
    assert Document.objects.claim_for_verifying(document.pk) is None


def test_a_proof_whose_worker_died_is_taken_back_and_given_up_after_three(cv):
    document = promised(cv)
    document.request_verification()
    for attempt in range(1, MAX_ATTEMPTS + 1):
        assert Document.objects.claim_for_verifying(document.pk).verify_attempts == attempt
        age(Document.objects.get(), seconds=LEASE.seconds + 1)
        assert Document.objects.take_back_proofs(10) == [document.pk]
    document.refresh_from_db()
    assert (document.upload_status, document.failure_code) == (Upload.FAILED, "verification_crashed")


def test_two_multipart_uploads_are_never_tied_to_one_promise(cv):
    document = promised(cv)
    assert document.hold_for_multipart("first")
    assert not document.hold_for_multipart("second")
    assert Document.objects.get().multipart_upload_id == "first"
