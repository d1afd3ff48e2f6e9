"""The proof: nothing is believed before size, hash and content agree with what was promised."""

from __future__ import annotations

import io
import zipfile

import pytest

from ats.tests.builders import CV, at_once, make_cv, promised, put_object, read_back
from uploads.errors import ContentMismatch, HashMismatch, ObjectMissing, SizeMismatch
from uploads.filetypes import BY_EXTENSION
from uploads.models import Document
from uploads.proof import prove
from uploads.storage import get_store

pytestmark = pytest.mark.django_db
Status = Document.UploadStatus
OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600


def zipped(*members):
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        for member in members:
            archive.writestr(member, "x")
    return file.getvalue()


def lie(document, cv, key=""):
    """Puts `cv` where other bytes were promised."""
    return get_store().put(key or document.s3_key, io.BytesIO(cv.content), sha256=cv.sha256, content_type=cv.file_type)


def assert_fails(document, fault):
    with pytest.raises(fault):
        prove(document, document.file_type)
    document.refresh_from_db()
    assert (document.upload_status, document.failure_code) == (Status.FAILED, fault.default_code)
    assert get_store().head(document.s3_key) is None


def test_true_bytes_are_stored_and_their_version_pinned(cv):
    document = promised(cv)
    placed = put_object(cv, document.s3_key)
    assert prove(document, document.file_type)
    document.refresh_from_db()
    assert document.upload_status == Status.COMPLETE
    assert (document.s3_version, document.s3_etag) == (placed.version, placed.etag)
    assert not prove(document, document.file_type)  # the second one moves nothing


def test_what_is_not_there_is_missing_and_the_row_unchanged(cv):
    document = promised(cv)
    with pytest.raises(ObjectMissing):
        prove(document, document.file_type)
    document.refresh_from_db()
    assert document.upload_status == Status.URL_GENERATED


def test_another_size_fails(cv):
    document = promised(cv)
    lie(document, CV(cv.content + b"x", cv.file_name))
    assert_fails(document, SizeMismatch)


def test_other_bytes_fail(cv):
    document = promised(cv)
    lie(document, CV(cv.content[:-1] + b"?", cv.file_name))
    assert_fails(document, HashMismatch)


GOOD = {
    "pdf": b"%PDF-1.4 and so on",
    "late.pdf": b"From a mail gateway\r\n" * 20 + b"%PDF-1.7",
    "doc": OLE,
    "docx": zipped("[Content_Types].xml", "word/document.xml"),
    "rtf": b"{\\rtf1 Asha}",
    "odt": zipped("mimetype", "content.xml"),
    "mp4": b"\0\0\0\x18ftypisom" + b"\0" * 20,
    "mov": b"\0\0\0\x08wide" + b"\0" * 20,
    "webm": b"\x1a\x45\xdf\xa3" + b"\0" * 20,
    "mkv": b"\x1a\x45\xdf\xa3" + b"\0" * 21,
}
BAD = {
    "pdf": b"not a pdf",
    "page.pdf": b" \n<html>%PDF-1.4</html>",
    "doc": b"PK\x03\x04" + b"\0" * 100,
    "docx": zipped("[Content_Types].xml", "ppt/presentation.xml"),
    "cut.docx": zipped("[Content_Types].xml", "word/document.xml")[:-30],
    "rtf": b"\\rtf1 without its brace",
    "odt": zipped("[Content_Types].xml", "word/document.xml"),
    "mp4": b"%PDF-1.4 and so on",
    "mov": b"\0" * 100,
    "webm": b"\0\0\0\x18ftypisom",
    "mkv": b"",
}


def document_of(name, content):
    cv = CV(content or b"\0", name if "." in name else f"cv.{name}")
    document = promised(cv)
    put_object(cv, document.s3_key)
    return document


@pytest.mark.parametrize("name", GOOD)
def test_a_file_is_what_its_name_says(name):
    document = document_of(name, GOOD[name])
    assert prove(document, document.file_type)


@pytest.mark.parametrize("name", BAD)
def test_a_file_that_is_not_what_its_name_says_fails(name):
    assert_fails(document_of(name, BAD[name]), ContentMismatch)


def test_every_type_has_a_good_and_a_bad_file():
    assert {name.rpartition(".")[2] for name in GOOD} == {name.rpartition(".")[2] for name in BAD} == set(BY_EXTENSION)


def test_a_put_after_the_proof_changes_nothing(cv):
    document = promised(cv)
    put_object(cv, document.s3_key)
    prove(document, document.file_type)
    lie(document, make_cv())
    document.refresh_from_db()
    assert read_back(document.pinned) == cv.content


def test_a_late_lie_is_removed_and_the_true_version_stays(cv):
    document = promised(cv)
    put_object(cv, document.s3_key)
    prove(document, document.file_type)
    lie(document, make_cv())
    assert not prove(document, document.file_type)  # by a slower caller, who read the row before
    document.refresh_from_db()
    assert document.upload_status == Status.COMPLETE
    assert [placed.version for placed in get_store().versions()] == [document.s3_version]


@pytest.mark.django_db(transaction=True)
def test_ten_proofs_at_once_move_the_row_once(cv):
    document = promised(cv)
    put_object(cv, document.s3_key)
    assert sum(at_once(10, lambda _: prove(document, document.file_type))) == 1
