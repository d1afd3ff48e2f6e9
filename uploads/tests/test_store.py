"""One suite over both stores: the disk always, S3 where the environment names a bucket."""

from __future__ import annotations

import base64
import io
import os
import time
import uuid
from datetime import timedelta

import pytest
from django.core.management import call_command
from django.utils import timezone

from ats.tests.builders import PDF, make_cv, put, put_object, read_back
from uploads.errors import ObjectMissing, StoreUnavailable
from uploads.s3 import S3Store
from uploads.storage import get_store

SMALLEST_PART = 5 * 2**20  # S3 takes no smaller part but the last


@pytest.fixture(params=["disk", "s3"])
def store(request, settings, monkeypatch):
    bucket = settings.S3_BUCKET
    if request.param == "s3":
        if not bucket:
            pytest.skip("the environment names no bucket")
        yield get_store()
        return
    settings.S3_BUCKET = ""
    get_store.cache_clear()
    yield get_store()
    get_store.cache_clear()


def key_for(cv):
    return f"documents/{cv.sha256}.pdf"


def presigned(store, cv, *, key="", **bound):
    return store.presign_put(key or key_for(cv), size=cv.size, expires_in=60, **bound)


# --- Presigned PUT ----------------------------------------------------------------------------------------------------


@pytest.mark.django_db
def test_what_is_put_to_a_presigned_url_lies_under_its_key(store, cv):
    url, headers = presigned(store, cv, content_type=PDF)
    assert headers == {"Content-Type": PDF}
    assert put(url, cv.content, headers).status_code == 200
    found = store.head(key_for(cv))
    assert (found.key, found.size) == (key_for(cv), cv.size)
    assert read_back(found) == cv.content


@pytest.mark.django_db
def test_a_url_is_for_one_content_type(store, cv):
    url, _ = presigned(store, cv, content_type=PDF)
    assert put(url, cv.content, {"Content-Type": "text/html"}).status_code in (400, 403)
    assert store.head(key_for(cv)) is None


@pytest.mark.django_db
def test_a_url_that_binds_no_type_takes_any(store, cv):
    url, headers = presigned(store, cv)
    assert headers == {}
    assert put(url, cv.content, {"Content-Type": "application/octet-stream"}).status_code == 200


@pytest.mark.django_db
@pytest.mark.parametrize("change", [lambda b: b + b"x", lambda b: b[:-1], lambda b: b""], ids=["more", "less", "none"])
def test_a_url_is_for_one_length(store, cv, change):
    url, headers = presigned(store, cv, content_type=PDF)
    assert put(url, change(cv.content), headers).status_code in (400, 403, 411)
    assert store.head(key_for(cv)) is None


@pytest.mark.django_db
def test_a_url_that_binds_the_checksum_takes_no_other_bytes(store, cv):
    url, headers = presigned(store, cv, content_type=PDF, sha256=cv.sha256)
    digest = base64.b64encode(bytes.fromhex(cv.sha256)).decode()
    assert headers == {"Content-Type": PDF, "x-amz-checksum-sha256": digest}
    assert put(url, cv.content[:-1] + b"?", headers).status_code == 400
    assert put(url, cv.content, {"Content-Type": PDF}).status_code in (400, 403)
    assert store.head(key_for(cv)) is None
    assert put(url, cv.content, headers).status_code == 200


@pytest.mark.django_db
def test_another_checksum_than_the_signed_one_is_refused(store, cv):
    url, headers = presigned(store, cv, sha256=cv.sha256)
    other = make_cv()
    forged = base64.b64encode(bytes.fromhex(other.sha256)).decode()
    assert put(url, cv.content, headers | {"x-amz-checksum-sha256": forged}).status_code in (400, 403)
    assert store.head(key_for(cv)) is None


@pytest.mark.django_db
def test_a_url_ends(store, cv):
    url, headers = store.presign_put(key_for(cv), size=cv.size, expires_in=1, content_type=PDF)
    time.sleep(2.1)
    assert put(url, cv.content, headers).status_code in (400, 403)
    assert store.head(key_for(cv)) is None


@pytest.mark.django_db
def test_a_url_that_was_tampered_with_is_refused(store, cv):
    url, headers = presigned(store, cv, content_type=PDF)
    last = "0" if url[-1] != "0" else "1"
    assert put(url[:-1] + last, cv.content, headers).status_code in (400, 403)
    elsewhere = url.replace(cv.sha256, "0" * 64)
    assert put(elsewhere, cv.content, headers).status_code in (400, 403)
    assert not list(store.versions())


def test_presigning_asks_nobody(store, store_away, cv):
    store_away()
    assert presigned(get_store(), cv)[0].startswith("http")


# --- Versions ---------------------------------------------------------------------------------------------------------


@pytest.mark.django_db
def test_a_second_put_makes_a_version_and_the_first_stays_readable(store, cv):
    url, headers = presigned(store, cv)
    put(url, cv.content, headers)
    first = store.head(key_for(cv))
    changed = cv.content[:-3] + b"zzz"
    assert put(url, changed, headers).status_code == 200
    second = store.head(key_for(cv))
    assert first.version != second.version
    assert store.head(key_for(cv), first.version).size == first.size
    assert (read_back(first), read_back(second)) == (cv.content, changed)
    assert [v.is_latest for v in sorted(store.versions(), key=lambda v: v.version == second.version)] == [False, True]


def test_deleting_one_version_leaves_the_other(store, cv):
    first, second = put_object(cv, key_for(cv)), put_object(cv, key_for(cv))
    store.delete(first.key, first.version)
    with pytest.raises(ObjectMissing):
        read_back(first)
    assert read_back(second) == cv.content


def test_deleting_a_key_deletes_all_its_versions_and_nothing_else(store, cv):
    neighbour = make_cv()
    put_object(cv, key_for(cv)), put_object(cv, key_for(cv))
    kept = put_object(neighbour, key_for(cv) + "-longer")
    store.delete(key_for(cv))
    assert [v.key for v in store.versions()] == [kept.key]
    assert store.head(key_for(cv)) is None


def test_deleting_what_is_not_there_is_no_error(store):
    store.delete("documents/nothing.pdf")
    store.delete("documents/nothing.pdf", "some-version")


def test_objects_are_listed_by_prefix(store, cv):
    put_object(cv, f"documents/{cv.sha256}.pdf")
    put_object(cv, f"resumes/{cv.sha256}.pdf")
    [found] = store.versions("resumes/")
    assert (found.key, found.size) == (f"resumes/{cv.sha256}.pdf", cv.size)
    assert timezone.now() - found.modified < timedelta(minutes=5)
    assert {v.key for v in store.versions()} == {f"documents/{cv.sha256}.pdf", f"resumes/{cv.sha256}.pdf"}


# --- Reading ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("start", "length"), [(0, 10), (5, 1), (7, None), (0, None), (3, 10**6)])
def test_a_range_is_read_as_asked(store, cv, start, length):
    placed = put_object(cv, key_for(cv))
    end = None if length is None else start + length
    assert read_back(placed, start, length) == cv.content[start:end]


def test_what_was_put_by_us_is_recorded_with_its_hash(store, cv):
    placed = put_object(cv, key_for(cv))
    assert placed.sha256 == cv.sha256 == store.head(key_for(cv)).sha256
    assert store.head(key_for(cv), placed.version).etag == placed.etag


def test_bytes_that_change_while_they_are_put_are_not_taken(store, cv):
    with pytest.raises(StoreUnavailable):
        store.put(key_for(cv), io.BytesIO(cv.content + b"x"), sha256=cv.sha256, content_type=PDF)
    assert store.head(key_for(cv)) is None


def test_absent_is_absent(store, cv):
    assert store.head("documents/nothing.pdf") is None
    placed = put_object(cv, key_for(cv))
    store.delete(placed.key)
    with pytest.raises(ObjectMissing):
        store.open(placed)
    assert store.list_parts(key_for(cv), uuid.uuid4().hex) is None


def test_unavailable_is_never_absent(store, store_away, cv):
    placed = put_object(cv, key_for(cv))
    store.check()
    store_away()
    for ask in (lambda: store.head(placed.key), lambda: store.open(placed), store.check):
        with pytest.raises(StoreUnavailable):
            ask()
    with pytest.raises(StoreUnavailable):
        put_object(cv, key_for(cv))


# --- Multipart --------------------------------------------------------------------------------------------------------


def send_part(store, key, upload_id, number, data, offset):
    url = store.presign_part(key, upload_id, number, start=offset, size=len(data), expires_in=60)
    return put(url, data).status_code


@pytest.mark.django_db
def test_parts_become_one_object_in_their_order(store):
    first, second = os.urandom(SMALLEST_PART), os.urandom(1000)
    key = f"{uuid.uuid4().hex}/talk.mp4"
    upload_id = store.create_multipart(key)
    assert [upload.upload_id for upload in store.multiparts()] == [upload_id]
    assert send_part(store, key, upload_id, 2, second, len(first)) == 200
    assert send_part(store, key, upload_id, 1, first, 0) == 200
    parts = store.list_parts(key, upload_id)
    assert [(part.number, part.size) for part in parts] == [(1, len(first)), (2, len(second))]
    store.complete_multipart(key, upload_id, parts)
    whole = store.head(key)
    assert read_back(whole) == first + second
    assert whole.sha256 is None  # nobody has hashed the whole: whoever verifies reads it
    assert store.list_parts(key, upload_id) is None


@pytest.mark.django_db
def test_a_part_sent_twice_counts_once_and_the_last_one_wins(store):
    wrong, right = os.urandom(1000), os.urandom(1000)
    key = f"{uuid.uuid4().hex}/talk.mp4"
    upload_id = store.create_multipart(key)
    send_part(store, key, upload_id, 1, wrong, 0)
    if isinstance(store, S3Store):
        time.sleep(1.1)  # its times are whole seconds
    send_part(store, key, upload_id, 1, right, 0)
    [part] = store.list_parts(key, upload_id)
    assert (part.number, part.size) == (1, 1000)
    store.complete_multipart(key, upload_id, [part])
    assert read_back(store.head(key)) == right


@pytest.mark.django_db
def test_a_part_is_for_one_length(store):
    key = f"{uuid.uuid4().hex}/talk.mp4"
    upload_id = store.create_multipart(key)
    url = store.presign_part(key, upload_id, 1, start=0, size=1000, expires_in=60)
    assert put(url, b"x" * 999).status_code in (400, 403)
    assert store.list_parts(key, upload_id) == []


@pytest.mark.django_db
def test_an_upload_that_was_given_up_takes_no_more_parts(store):
    key = f"{uuid.uuid4().hex}/talk.mp4"
    upload_id = store.create_multipart(key)
    store.abort_multipart(key, upload_id)
    store.abort_multipart(key, upload_id)
    assert send_part(store, key, upload_id, 1, b"x" * 10, 0) == 404
    assert not list(store.multiparts())
    with pytest.raises(ObjectMissing):
        store.complete_multipart(key, upload_id, [])


# --- S3's own ---------------------------------------------------------------------------------------------------------


@pytest.mark.django_db
def test_on_s3_nothing_of_the_disk_store_is_served(client, settings, cv):
    if not settings.S3_BUCKET:
        pytest.skip("the environment names no bucket")
    assert client.put(f"/store/{key_for(cv)}?expires=1&length=1&signature=x", b"x").status_code == 404


def test_a_bucket_without_versions_is_warned_about(settings, capsys):
    if not settings.S3_BUCKET:
        pytest.skip("the environment names no bucket")
    call_command("check", "--tag", "store", "--deploy")
    assert "W001" not in capsys.readouterr().err
    settings.S3_BUCKET = f"plain-{uuid.uuid4().hex}"
    store = get_store()
    store.client.create_bucket(Bucket=settings.S3_BUCKET)
    kept, store.bucket = store.bucket, settings.S3_BUCKET
    try:
        call_command("check", "--tag", "store", "--deploy")
    finally:
        store.client.delete_bucket(Bucket=settings.S3_BUCKET)
        store.bucket = kept
    assert "uploads.W001" in capsys.readouterr().err
