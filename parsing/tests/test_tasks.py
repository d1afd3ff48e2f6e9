"""Reading in the background: claimed once, put off while the store is away, ended with a reason, taken back."""

from __future__ import annotations

import io
from typing import Any

import pikepdf
import pytest
from django.db import OperationalError
from PIL import Image, ImageDraw, ImageFont

from ats.tests.builders import CV, age, at_once, make_cv, make_pdf, put_object, stored
from candidates.models import Candidate, ResumeVersion
from parsing import PARSER_VERSION, ocr, tasks
from parsing.tasks import external_reader, parse_document, parse_scan, sweep_readings, sweep_scans
from uploads.models import Document, ErrorLog
from uploads.states import LEASE, MAX_ATTEMPTS
from uploads.storage import get_store

pytestmark = pytest.mark.django_db
Parse = Document.ParseStatus


def read(document):
    parse_document(str(document.pk))
    document.refresh_from_db()
    return document


def lose(document):
    """The worker that held it is gone, and its lease has ended."""
    age(Document.objects.get(pk=document.pk), seconds=LEASE.seconds + 1)


@pytest.mark.parametrize("extension", ["pdf", "docx"])
def test_a_stored_cv_becomes_a_candidate(extension):
    cv = make_cv(extension=extension)
    document = read(stored(cv))
    assert (document.parse_status, document.parser_version) == (Parse.COMPLETED, PARSER_VERSION)
    assert document.parsed["basics"]["email"] == cv.email
    assert cv.email in document.text
    person = Candidate.objects.get()
    assert (person.full_name, person.email, person.review_status) == (cv.name, cv.email, "new")
    assert list(person.documents.all()) == [document]
    assert not ErrorLog.objects.exists()


def test_a_message_that_comes_twice_reads_once(cv):
    document = read(stored(cv))
    read(document)
    assert (document.parse_attempts, ResumeVersion.objects.count()) == (1, 1)


def test_a_message_for_a_row_that_is_gone_ends_quietly(cv):
    document = stored(cv)
    doc_id = str(document.pk)
    document.delete()
    parse_document(doc_id)
    assert not ErrorLog.objects.exists()


def encrypted():
    with pikepdf.open(io.BytesIO(make_cv().content)) as pdf:
        file = io.BytesIO()
        pdf.save(file, encryption=pikepdf.Encryption(user="secret", owner="secret"))
    return file.getvalue()


INVOICE = [
    "INVOICE No 4711",
    "Bill to: Contoso GmbH",
    "Paper 12.00",
    "Subtotal 12.00",
    "VAT no DE123",
    "Amount due 14.28",
]
UNREADABLE = {
    "damaged": lambda: b"%PDF-1.7\n" + b"\x00garbage" * 50 + b"\n%%EOF\n",
    "no_text": lambda: make_pdf([]),
    "encrypted": encrypted,
    "not_a_cv": lambda: make_pdf(INVOICE),
}


@pytest.mark.parametrize("code", UNREADABLE)
def test_what_cannot_be_read_ends_with_a_reason_and_makes_no_candidate(code, monkeypatch):
    monkeypatch.setenv("PATH", "")  # no Tesseract
    document = read(stored(CV(UNREADABLE[code](), "cv.pdf")))
    assert (document.parse_status, document.parse_code) == (Parse.FAILED, code)
    assert document.parse_reason.endswith(".")
    assert not Candidate.objects.exists()
    error = ErrorLog.objects.get()
    assert (error.code, error.operation, error.document) == (code.upper(), "parse_document", document)


def test_after_a_file_that_cannot_be_read_the_next_one_is(cv):
    read(stored(CV(UNREADABLE["damaged"](), "cv.pdf")))
    assert read(stored(cv)).parse_status == Parse.COMPLETED


def test_while_the_store_is_away_the_reading_waits_and_no_attempt_counts(cv, store_away):
    document = stored(cv)
    store_away()
    read(document)
    assert (document.parse_status, document.parse_attempts) == (Parse.PENDING, 0)


def test_when_the_database_goes_away_the_reading_waits(cv, monkeypatch):
    def fails(*_, **__):
        raise OperationalError("the server closed the connection")

    document = stored(cv)
    monkeypatch.setattr(tasks, "_record", fails)
    assert read(document).parse_status == Parse.PENDING


def test_a_stored_object_that_is_gone_ends_the_reading(cv):
    document = stored(cv)
    get_store().delete(document.s3_key)
    assert (read(document).parse_status, document.parse_code) == (Parse.FAILED, "object_missing")


def test_other_bytes_than_the_verified_ones_are_never_read(cv):
    document = stored(cv)
    other = make_cv(name="Ravi Kumar")
    placed = put_object(other, document.s3_key)
    Document.objects.filter(pk=document.pk).update(s3_version=placed.version, s3_etag=placed.etag)
    assert (read(document).parse_status, document.parse_code) == (Parse.FAILED, "hash_mismatch")
    assert not document.text
    assert not Candidate.objects.exists()


def test_the_pinned_version_is_read_whatever_came_later(cv):
    document = stored(cv)
    put_object(make_cv(name="Ravi Kumar"), document.s3_key)
    read(document)
    assert Candidate.objects.get().email == cv.email


# --- The row is the queue ---------------------------------------------------------------------------------------------


def test_the_sweep_finds_what_nobody_heard(cv):
    document = stored(cv)
    assert sweep_readings() == 0
    lose(document)
    assert sweep_readings() == 1
    assert read(document).parse_status == Parse.COMPLETED


def test_the_sweep_takes_back_what_a_dead_worker_held(cv):
    document = stored(cv)
    Document.objects.claim_for_parsing(document.pk)
    read(document)
    assert document.parse_status == Parse.RUNNING  # somebody holds it
    lose(document)
    sweep_readings()
    assert read(document).parse_status == Parse.COMPLETED
    assert document.parse_attempts == 2


def test_a_file_that_kills_its_workers_ends_failed_after_three_attempts(cv):
    document = stored(cv)
    for _ in range(MAX_ATTEMPTS):
        assert Document.objects.claim_for_parsing(document.pk)
        lose(document)
        sweep_readings()
    assert read(document).parse_status == Parse.FAILED
    assert document.parse_code == "crashed"
    assert document.parse_reason


def test_read_again_by_hand_reads_again(cv):
    document = read(stored(cv))
    document.read_again()
    assert read(document).parse_status == Parse.COMPLETED
    assert Candidate.objects.count() == 1


# --- At once ----------------------------------------------------------------------------------------------------------


@pytest.mark.django_db(transaction=True)
def test_five_deliveries_at_once_make_one_reading(cv):
    document = stored(cv)
    at_once(5, lambda _: parse_document(str(document.pk)))
    document.refresh_from_db()
    assert (document.parse_status, document.parse_attempts) == (Parse.COMPLETED, 1)
    assert Candidate.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_two_workers_with_two_cvs_of_one_person_make_one_candidate():
    documents = [stored(make_cv(email="asha@example.com", phone="+91 98123 45678")) for _ in range(2)]
    at_once(2, lambda number: parse_document(str(documents[number].pk)))
    assert Candidate.objects.count() == 1
    assert ResumeVersion.objects.count() == 2
    assert set(Document.objects.values_list("parse_status", flat=True)) == {Parse.COMPLETED}


def scan_of(lines: list[str]) -> bytes:
    """A picture of a page without a text layer."""
    picture = Image.new("RGB", (1240, 1754), "white")
    pen = ImageDraw.Draw(picture)
    font = ImageFont.load_default(36)
    for number, line in enumerate(lines):
        pen.text((120, 120 + 60 * number), line, fill="black", font=font)
    page = io.BytesIO()
    picture.save(page, "PDF", resolution=150)
    return page.getvalue()


@pytest.fixture
def scanned() -> Document:
    lines = ["Asha Verma", "asha.verma@example.com", "EXPERIENCE", "Engineer, Initech Pvt Ltd", "Jan 2019 - Present",
             "EDUCATION", "B.Tech in Computer Science, 2015", "SKILLS", "Python, Django, PostgreSQL"]  # fmt: skip
    return stored(CV(scan_of(lines), "scan.pdf"))


def test_a_scan_says_that_it_has_no_text_where_pictures_cannot_be_read(
    scanned: Document, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", "")
    parse_document(str(scanned.pk))
    scanned.refresh_from_db()
    assert (scanned.parse_status, scanned.parse_code) == ("failed", "no_text")
    assert "scan or a picture" in scanned.parse_reason


@pytest.mark.skipif(not ocr.available(), reason="Tesseract is not installed here")
def test_a_scan_is_taken_up_again_when_pictures_can_be_read(scanned: Document, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as without:
        without.setenv("PATH", "")
        parse_document(str(scanned.pk))
    assert sweep_scans() == 1
    parse_document(str(scanned.pk))
    scanned.refresh_from_db()
    assert (scanned.parse_status, scanned.parse_code) == ("pending", "scan"), "only the slow reader takes it"
    parse_scan(str(scanned.pk))
    scanned.refresh_from_db()
    assert scanned.parse_status == "completed"
    assert scanned.parsed["basics"]["email"] == "asha.verma@example.com"
    assert sweep_scans() == 0


@pytest.mark.skipif(not ocr.available(), reason="Tesseract is not installed here")
def test_an_empty_scan_ends_and_is_not_taken_up_for_ever() -> None:
    empty = stored(CV(scan_of([]), "empty.pdf"))
    parse_document(str(empty.pk))
    parse_scan(str(empty.pk))
    empty.refresh_from_db()
    assert (empty.parse_status, empty.parse_code) == ("failed", "empty_scan")
    assert sweep_scans() == 0


def test_an_external_reader_that_is_away_leaves_the_built_in_reading(settings: Any) -> None:
    settings.EXTERNAL_READER_URL, settings.EXTERNAL_READER_MODEL = "http://127.0.0.1:1/v1/chat/completions", "small"
    external_reader.cache_clear()
    document = stored(make_cv())
    try:
        parse_document(str(document.pk))
    finally:
        settings.EXTERNAL_READER_URL = ""
        external_reader.cache_clear()
    document.refresh_from_db()
    assert document.parse_status == "completed"
    assert document.parsed["basics"]["name"] == "Asha Verma"
    assert document.parsed["meta"]["external"]["fault"]
