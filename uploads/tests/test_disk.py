"""What only the store on the disk must see to."""

from __future__ import annotations

import io
import os
import uuid

import pytest

from ats.tests.builders import assert_envelope, put, put_object, read_back, stored
from uploads.errors import ObjectMissing
from uploads.storage import get_store


def key_for(cv):
    return f"documents/{cv.sha256}.pdf"


def presigned(disk, cv, key=""):
    return disk.presign_put(key or key_for(cv), size=cv.size, expires_in=60)


@pytest.fixture
def disk(settings):
    settings.S3_BUCKET = ""
    get_store.cache_clear()
    yield get_store()
    get_store.cache_clear()


@pytest.mark.django_db
def test_a_body_cut_off_half_way_leaves_nothing(disk, client, cv):
    url, _ = presigned(disk, cv)
    half = io.BytesIO(cv.content[: cv.size // 2])
    response = client.generic("PUT", url, CONTENT_LENGTH=str(cv.size), **{"wsgi.input": half})
    assert response.status_code == 400
    assert response.json()["code"] == "incomplete_body"
    assert disk.head(key_for(cv)) is None
    assert not [path for path in disk.root.rglob("*") if path.is_file()]


@pytest.mark.django_db
def test_a_part_cut_off_half_way_has_not_arrived(disk, client):
    key = f"{uuid.uuid4().hex}/talk.mp4"
    upload_id = disk.create_multipart(key)
    put(disk.presign_part(key, upload_id, 1, start=0, size=1000, expires_in=60), b"a" * 1000)
    url = disk.presign_part(key, upload_id, 1, start=0, size=1000, expires_in=60)
    response = client.generic("PUT", url, CONTENT_LENGTH="1000", **{"wsgi.input": io.BytesIO(b"b" * 500)})
    assert response.status_code == 400
    assert disk.list_parts(key, upload_id) == []


@pytest.mark.django_db
def test_other_bytes_for_a_verified_key_are_refused_and_the_same_are_welcome(disk, cv):
    document = stored(cv)
    url, _ = presigned(disk, cv, document.s3_key)
    assert put(url, cv.content[:-3] + b"zzz").status_code == 409
    assert put(url, cv.content).status_code == 200
    assert [v.version for v in disk.versions()] == [document.s3_version]
    assert read_back(document.pinned) == cv.content


@pytest.mark.django_db
@pytest.mark.parametrize("method", ["GET", "HEAD", "POST", "DELETE", "OPTIONS"])
def test_an_upload_url_does_nothing_but_take_its_put(disk, client, cv, method):
    url, _ = presigned(disk, cv)
    answer = client.generic(method, url)
    assert answer.status_code == 405
    if method != "HEAD":
        assert_envelope(answer, 405, "method_not_allowed")


@pytest.mark.django_db
def test_no_value_of_a_url_passes_for_another_field(disk, client):
    key = f"{uuid.uuid4().hex}/talk.mp4"
    upload_id = disk.create_multipart(key)
    url = disk.presign_part(key, upload_id, 1, start=0, size=4, expires_in=60)
    joined = url.replace(f"upload={upload_id}&", "").replace("start=0&", "")
    joined = joined.replace("part=1&", f"part=1%0Astart%3D0%0Aupload%3D{upload_id}&")
    assert joined != url
    assert_envelope(client.generic("PUT", joined, b"abcd"), 403, "signature_mismatch")
    assert disk.head(key) is None


@pytest.mark.django_db
def test_letters_beyond_ascii_are_a_wrong_signature_and_a_bad_digest(disk, client, cv):
    url, _ = presigned(disk, cv)
    assert_envelope(client.generic("PUT", f"{url[:-1]}%C3%A9", b"x"), 403, "signature_mismatch")
    answer = client.generic("PUT", url, cv.content, headers={"x-amz-checksum-sha256": "é"})
    assert_envelope(answer, 400, "bad_digest")


def test_temporary_files_are_swept_when_they_are_old(disk, cv):
    put_object(cv, key_for(cv))
    left, fresh = disk.root / ".incoming" / "left", disk.root / ".incoming" / "fresh"
    for path in (left, fresh):
        path.write_bytes(b"half a file")
    os.utime(left, (0, 0))
    assert disk.sweep_temporary(3600) == 1
    assert (left.exists(), fresh.exists()) == (False, True)
    assert read_back(disk.head(key_for(cv))) == cv.content


def test_the_disk_holds_no_empty_folder_of_a_deleted_object(disk, cv):
    put_object(cv, key_for(cv))
    disk.delete(key_for(cv))
    assert not (disk.root / "documents").exists()


@pytest.mark.parametrize("key", ["../outside.pdf", "/etc/passwd", ".incoming/x", "a/../../b", ""])
def test_no_key_leads_out_of_the_disk_store(disk, cv, key):
    with pytest.raises(ObjectMissing):
        disk.head(key)
    with pytest.raises(ObjectMissing):
        put_object(cv, key)
