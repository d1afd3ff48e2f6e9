"""The two ways in: a promise before the bytes, and keeping bytes that we hold."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from ats.tests.builders import age, at_once, make_cv, promised, put_object, stored
from uploads.errors import SizeConflict
from uploads.filetypes import BY_EXTENSION
from uploads.models import Document, Promised
from uploads.states import proven_columns

pytestmark = pytest.mark.django_db
Upload, Parse = Document.UploadStatus, Document.ParseStatus
PDF_TYPE = BY_EXTENSION["pdf"]
PARSED = {"basics": {"name": "Asha Verma"}}


def ask(cv, **changes):
    facts = {
        "sha256": cv.sha256,
        "name": cv.file_name,
        "size": cv.size,
        "file_type": PDF_TYPE,
        "key": f"{cv.sha256}/cv.pdf",
    }
    return Document.objects.promise(**{**facts, **changes})


# --- promise ----------------------------------------------------------------------------------------------------------


def test_a_promise_makes_a_row_that_waits_for_its_bytes(cv):
    document, met = ask(cv)
    assert met is Promised.NEW
    row = Document.objects.get()
    assert (row.pk, row.doc_hash_256, row.original_filename) == (document.pk, cv.sha256, cv.file_name)
    assert (row.file_size_bytes, row.content_type) == (cv.size, "application/pdf")
    assert (row.upload_status, row.parse_status) == (Upload.URL_GENERATED, Parse.NOT_NEEDED)
    assert row.s3_url_expires_at - row.s3_url_generated_at == timedelta(seconds=900)


def test_a_valid_promise_is_kept_as_it_is(cv):
    first, _ = ask(cv)
    second, met = ask(cv, name="other.pdf", key="elsewhere/cv.pdf")
    assert met is Promised.VALID
    assert (second.pk, second.s3_key) == (first.pk, first.s3_key)
    assert second.s3_url_expires_at == first.s3_url_expires_at
    assert Document.objects.get().original_filename == cv.file_name


def test_who_extends_a_valid_promise_gets_its_full_term(cv):
    before = age(promised(cv), minutes=10)
    document, met = ask(cv, extend=True)
    assert met is Promised.RENEWED
    assert document.s3_url_expires_at > before.s3_url_expires_at


@pytest.mark.parametrize("state", ["pending", "failed", "expired"])
def test_what_never_came_is_promised_anew(cv, state):
    first = promised(cv)
    rows = Document.objects.filter(pk=first.pk)
    if state == "pending":
        rows.update(upload_status=Upload.PENDING)
    elif state == "failed":
        first.mark_failed("hash_mismatch")
    else:
        age(first, hours=1)
    rows.update(multipart_upload_id="old")
    document, met = ask(cv, name="Better Name.pdf")
    row = Document.objects.get()
    assert met is Promised.RENEWED
    assert (document.pk, row.upload_status, row.failure_code) == (first.pk, Upload.URL_GENERATED, "")
    assert (row.original_filename, row.multipart_upload_id) == ("Better Name.pdf", "")
    assert row.s3_url_expires_at > timezone.now() + timedelta(seconds=890)
    assert row.s3_key == first.s3_key  # one key for a hash, whoever asks first


def test_a_stored_document_is_never_promised_again(cv):
    before = stored(cv)
    document, met = ask(cv, extend=True)
    after = Document.objects.get()
    assert met is Promised.STORED
    assert (document.pk, after.s3_key, after.updated_at) == (before.pk, before.s3_key, before.updated_at)
    assert after.s3_url_expires_at is None


@pytest.mark.parametrize("state", ["valid", "stored"])
def test_another_size_is_a_conflict_while_the_first_one_stands(cv, state):
    promised(cv) if state == "valid" else stored(cv)
    with pytest.raises(SizeConflict):
        ask(cv, size=cv.size + 1, extend=True)
    assert Document.objects.get().file_size_bytes == cv.size


def test_another_size_replaces_one_that_never_came(cv):
    age(promised(cv, size=cv.size + 1), hours=1)
    document, met = ask(cv)
    assert (met, document.file_size_bytes) == (Promised.RENEWED, cv.size)


@pytest.mark.django_db(transaction=True)
def test_twenty_promises_at_once_make_one_document(cv):
    answers = at_once(20, lambda n: ask(cv, key=f"{n}/cv.pdf", extend=bool(n % 2)))
    assert len({document.pk for document, _ in answers}) == 1
    assert len({document.s3_key for document, _ in answers}) == 1
    assert [met for _, met in answers].count(Promised.NEW) == 1
    assert Document.objects.count() == 1


# --- keep -------------------------------------------------------------------------------------------------------------


def test_what_is_kept_is_stored_and_waits_for_its_reader(cv, rung):
    assert rung(lambda: stored(cv)) == 1
    row = Document.objects.get()
    assert (row.upload_status, row.parse_status) == (Upload.COMPLETE, Parse.PENDING)
    assert row.verified_at
    assert row.pinned.sha256 == cv.sha256


def test_what_is_kept_twice_keeps_its_first_object(cv, rung):
    first = stored(cv)
    spare = put_object(cv, "documents/spare.pdf")
    facts = {"sha256": cv.sha256, "name": "again.pdf", "file_type": PDF_TYPE}
    assert rung(lambda: Document.objects.keep(**facts, stored=spare)) == 0
    row = Document.objects.get()
    assert (row.s3_key, row.original_filename, row.s3_version) == (first.s3_key, cv.file_name, first.s3_version)


@pytest.mark.parametrize("state", ["promised", "failed"])
def test_keeping_ends_an_upload_that_others_wait_for(cv, rung, state):
    waiting = promised(cv)
    if state == "failed":
        waiting.mark_failed("expired")
    assert rung(lambda: stored(cv)) == 1
    row = Document.objects.get()
    assert (row.pk, row.upload_status, row.failure_code) == (waiting.pk, Upload.COMPLETE, "")


@pytest.mark.parametrize("extension", ["pdf", "mp4"])
def test_what_is_kept_stands_as_what_was_proven(cv, extension):
    file_type, other = BY_EXTENSION[extension], make_cv()
    placed = put_object(cv, "documents/kept"), put_object(other, "documents/proven")
    kept, _ = Document.objects.keep(sha256=cv.sha256, name=cv.file_name, file_type=file_type, stored=placed[0])
    ask(other)[0].mark_stored(placed[1], file_type)
    proven = Document.objects.get(doc_hash_256=other.sha256)
    kept.refresh_from_db()
    own = {"file_size_bytes": cv.size, "s3_version": placed[0].version, "s3_etag": placed[0].etag}
    for column, value in proven_columns(placed[1], file_type).items():
        found = getattr(kept, column)
        if column in own:
            assert found == own[column], column
        elif hasattr(value, "resolve_expression"):  # a time
            assert abs(found - getattr(proven, column)) < timedelta(minutes=1), column
        else:
            assert found == getattr(proven, column), column


def test_a_video_is_not_for_the_reader(cv):
    document, _ = Document.objects.keep(
        sha256=cv.sha256, name="talk.mp4", file_type=BY_EXTENSION["mp4"], stored=put_object(cv, "talk.mp4")
    )
    assert (document.upload_status, document.parse_status) == (Upload.COMPLETE, Parse.NOT_NEEDED)


@pytest.mark.django_db(transaction=True)
def test_ten_that_keep_the_same_bytes_at_once_make_one_document(cv):
    placed = put_object(cv, "documents/x.pdf")
    facts = {"sha256": cv.sha256, "name": cv.file_name, "file_type": PDF_TYPE, "stored": placed}
    answers = at_once(10, lambda _: Document.objects.keep(**facts))
    assert len({document.pk for document, _ in answers}) == 1
    assert sum(was_unproven for _, was_unproven in answers) == 1


def test_a_document_reads_as_its_file_name(cv):
    assert str(stored(make_cv())) != str(stored(cv)) == cv.file_name
