"""Cleanup: what nobody holds goes, what anybody holds stays, however often and however many at once."""

from __future__ import annotations

import io
import os
import time
from datetime import timedelta

import pytest
from django.core.management import CommandError, call_command

from ats.tests.builders import age, at_once, make_cv, promised, put_object, read_back, stored
from uploads.cleanup import Cleanup
from uploads.models import Document
from uploads.storage import get_store
from uploads.tasks import sweep_promises

pytestmark = pytest.mark.django_db
Status = Document.UploadStatus
NOW = timedelta(0)


def clean(**options):
    return Cleanup(**{"older_than": NOW, **options}).run()


def keys():
    return {placed.key for placed in get_store().versions()}


@pytest.fixture
def aged():
    """Objects written before are older than zero by the store's clock, which may count in whole seconds."""
    return lambda: time.sleep(1.05)


def test_a_promise_whose_url_has_ended_and_whose_bytes_never_came_fails(cv):
    document = age(promised(cv), hours=1)
    assert clean(older_than=timedelta(hours=24))["expired uploads ended"] == 1
    document.refresh_from_db()
    assert (document.upload_status, document.failure_code) == (Status.FAILED, "expired")


@pytest.mark.parametrize("state", ["valid", "just ended", "arrived", "being proven"])
def test_a_promise_that_may_still_be_kept_stays(cv, state):
    document = promised(cv)
    if state == "just ended":
        age(document, minutes=15, seconds=30)
    if state == "arrived":
        put_object(cv, age(document, hours=1).s3_key)
    if state == "being proven":
        document.request_verification()
        document.refresh_from_db()
        age(document, hours=1)
    clean(older_than=timedelta(hours=24))
    document.refresh_from_db()
    assert document.upload_status == Status.URL_GENERATED


def test_a_failed_upload_goes_with_its_object_when_it_is_old(cv):
    old, fresh = promised(cv), promised(make_cv())
    for document in (old, fresh):
        document.mark_failed("hash_mismatch")
    old.refresh_from_db()
    age(old, hours=25)
    put_object(cv, old.s3_key)
    assert clean(older_than=timedelta(hours=24))["failed uploads removed"] == 1
    assert list(Document.objects.all()) == [fresh]
    assert keys() == set()


def test_objects_that_no_row_knows_go_and_all_others_stay(cv, aged):
    document = stored(cv)
    waiting = make_cv()
    put_object(waiting, promised(waiting).s3_key)
    put_object(make_cv(), "documents/orphan.pdf")
    aged()
    assert clean()["orphaned objects and old versions removed"] == 1
    assert keys() == {document.s3_key, f"{waiting.sha256}/cv.pdf"}


def test_an_orphan_that_is_young_stays(cv):
    put_object(cv, "documents/orphan.pdf")
    assert clean(older_than=timedelta(hours=24))["orphaned objects and old versions removed"] == 0
    assert keys() == {"documents/orphan.pdf"}


def test_of_a_stored_document_only_the_pinned_version_stays(cv, aged):
    document = stored(cv)
    put_object(make_cv(), document.s3_key)
    aged()
    assert clean()["orphaned objects and old versions removed"] == 1
    assert [placed.version for placed in get_store().versions()] == [document.s3_version]
    assert read_back(document.pinned) == cv.content


def test_a_multipart_upload_goes_when_nobody_waits_for_it(cv, aged):
    store = get_store()
    waiting = promised(cv)
    held = store.create_multipart(waiting.s3_key)
    waiting.hold_for_multipart(held)
    store.create_multipart("documents/given-up.mp4")
    aged()
    assert clean()["multipart leftovers removed"] == 1
    assert [upload.upload_id for upload in store.multiparts()] == [held]


def test_a_dry_run_says_the_same_and_does_nothing(cv, aged):
    age(promised(cv), hours=1)
    failed = promised(make_cv())
    failed.mark_failed("expired")
    put_object(make_cv(), "documents/orphan.pdf")
    get_store().create_multipart("documents/given-up.mp4")
    aged()
    said = clean(dry_run=True)
    assert (Document.objects.count(), keys()) == (2, {"documents/orphan.pdf"})
    assert len(list(get_store().multiparts())) == 1
    assert said["expired uploads ended"] == said["orphaned objects and old versions removed"] == 1
    assert said["failed uploads removed"] == said["multipart leftovers removed"] == 1


def test_a_second_run_finds_nothing(cv, aged):
    age(promised(cv), hours=30)
    put_object(make_cv(), "documents/orphan.pdf")
    aged()
    clean()
    assert set(clean().values()) <= {0, 1}  # the failed promise goes in the run after the one that ended it
    assert set(clean().values()) == {0}
    assert not Document.objects.exists()


@pytest.mark.parametrize("batch", [1, 2, 3, 100])
def test_batches_of_any_size_reach_every_row_and_object(batch, aged):
    for _ in range(5):
        age(promised(make_cv()), hours=1)
        put_object(make_cv(), f"documents/{make_cv().sha256}.pdf")
    aged()
    done = clean(batch=batch)
    assert done["orphaned objects and old versions removed"] == 5
    assert not Document.objects.promised().exists()
    assert keys() == set()


@pytest.mark.django_db(transaction=True)
def test_four_runs_at_once_harm_nothing(aged):
    documents = [stored(make_cv()) for _ in range(3)]
    for _ in range(5):
        put_object(make_cv(), f"documents/{make_cv().sha256}.pdf")
        age(promised(make_cv()), hours=30)
    aged()
    at_once(4, lambda _: clean(batch=2))
    assert keys() == {document.s3_key for document in documents}
    assert Document.objects.stored().count() == 3


def test_old_temporary_files_of_the_disk_go(settings, cv):
    if settings.S3_BUCKET:
        pytest.skip("S3 has no temporary files")
    put_object(cv, "documents/x.pdf")
    left = get_store().root / ".incoming" / "left"
    left.write_bytes(b"half")
    os.utime(left, (0, 0))
    assert clean(older_than=timedelta(days=1))["temporary files removed"] == 1
    assert not left.exists()


def test_the_sweep_of_each_minute_ends_what_waits_in_vain(cv):
    """No upload waits longer than its URL lives and five minutes."""
    document = age(promised(cv), minutes=19, seconds=1)
    sweep_promises()
    document.refresh_from_db()
    assert (document.upload_status, document.failure_code) == (Status.FAILED, "expired")


def test_the_command_says_what_it_did(cv):
    age(promised(cv), hours=1)
    said = io.StringIO()
    call_command("cleanup_uploads", "--dry-run", "--older-than", "2h", "--batch", "10", stdout=said)
    assert "expired uploads ended: 1 (dry run)" in said.getvalue()
    said = io.StringIO()
    call_command("cleanup_uploads", stdout=said)
    assert "expired uploads ended: 1\n" in said.getvalue()


@pytest.mark.parametrize("text", ["24", "h", "-1h", "1 day", ""])
def test_an_age_that_is_none_is_refused(text):
    with pytest.raises(CommandError, match="is no age"):
        call_command("cleanup_uploads", f"--older-than={text}")
