"""Erasing reaches every room: what desktops said, uploads that came to nothing, messages, samples, merged records."""

from __future__ import annotations

import logging
from typing import Any

import pytest
from django.conf import settings as configured
from django.contrib.messages.storage.base import Message
from django.contrib.messages.storage.session import SessionStorage
from django.contrib.sessions.backends.db import SessionStore
from django.db import connection, transaction
from django.test import RequestFactory

from ats.tests.builders import CV, Caller, capture, make_cv, presign, send
from ats.tests.everything import places, where
from candidates.erasing import erase
from candidates.models import Candidate
from candidates.tests.builders import DOOR, created, put_resume, read
from candidates.tests.conftest import committing  # noqa: F401  (the fixture)
from capture.models import CVCapture, DetectedFile, DeviceReport
from capture.tests.test_heartbeat import beat
from parsing import forgetting
from parsing.service import ExternalReader, Options
from uploads.models import Document, UploadSession
from uploads.storage import get_store
from uploads.tests import chunks

pytestmark = pytest.mark.usefixtures("committing")
NAME = "Xanthippe Quux"


def everywhere() -> dict[str, str]:
    folders = (configured.ATS_DATA_DIR, configured.LOG_DIR)
    return places(*folders, redis_url=configured.REDIS_URL, bytes_of_database=False)


@pytest.fixture
def gone(api: Caller) -> CV:
    """A CV, captured and read, whose person is to be erased."""
    cv = make_cv(name=NAME)
    capture(api, cv)
    read(cv)
    return cv


def erase_person(reviewer: Caller, name: str = NAME) -> None:
    assert reviewer.delete(f"{DOOR}{Candidate.objects.get(full_name=name).pk}").status_code == 204


def test_an_erased_file_is_forgotten_and_never_missed_again(api: Caller, reviewer: Caller, gone: CV) -> None:
    stays = make_cv()
    beat(api, detected=[gone.sha256, stays.sha256], stuck=[])
    erase_person(reviewer)
    assert [row.sha256 for row in DetectedFile.objects.all()] == [stays.sha256]
    beat(api, detected=[gone.sha256.upper(), stays.sha256], stuck=[])
    assert [row.sha256 for row in DetectedFile.objects.all()] == [stays.sha256]


def test_a_file_whose_person_may_be_kept_after_all_is_looked_for_again(api: Caller, reviewer: Caller, gone: CV) -> None:
    erase_person(reviewer)
    capture(api, gone)
    read(gone)
    back = Candidate.objects.get()
    reviewer.patch(f"{DOOR}{back.pk}", {"erased_before": False}, content_type="application/json")
    beat(api, detected=[gone.sha256], stuck=[])
    assert DetectedFile.objects.filter(sha256=gone.sha256).exists()


def test_what_a_desktop_could_not_send_of_theirs_is_struck_from_its_report(
    api: Caller, reviewer: Caller, gone: CV
) -> None:
    other = {"file_name": "Other.pdf", "reason": "locked", "since": None}
    beat(api, stuck=[{"file_name": gone.file_name, "reason": "locked"}, {"file_name": "b.pdf", "reason": gone.sha256}])
    api.post("/api/cv-capture/heartbeat", {"device": "second", "stuck": [other]})
    erase_person(reviewer)
    assert {report.device: report.stuck for report in DeviceReport.objects.all()} == {
        "asha-laptop": [], "second": [other],
    }  # fmt: skip


def test_uploads_of_theirs_that_came_to_nothing_go_too(api: Caller, reviewer: Caller, gone: CV) -> None:
    piece = chunks.make_bytes(1000)
    by_state = {state: chunks.begun(api, piece, gone.file_name) for state in ("open", "cancelled", "expired", "failed")}
    stays = chunks.begun(api, piece, "Other.pdf")
    chunks.send_chunk(api, by_state["open"], 0, piece)
    api.post(f"{chunks.DOOR}/cancel", {"upload_id": by_state["cancelled"]})
    UploadSession.objects.filter(pk=by_state["expired"]).update(status="expired")
    UploadSession.objects.filter(pk=by_state["failed"]).fail("hash_mismatch", "It is another file.")
    erase_person(reviewer)
    assert [str(session.pk) for session in UploadSession.objects.all()] == [stays]
    assert len(list(get_store().multiparts())) == 1
    assert where([gone.file_name], everywhere()) == []


def test_what_was_announced_under_their_name_and_never_proven_goes_too(api: Caller, reviewer: Caller, gone: CV) -> None:
    asked, lied, others = (CV(make_cv().content, name) for name in (gone.file_name, gone.file_name, "Other.pdf"))
    presign(api, asked)
    send(api, lied)
    Document.objects.get(doc_hash_256=lied.sha256).mark_failed("hash_mismatch")
    presign(api, others)
    erase_person(reviewer)
    assert [document.doc_hash_256 for document in Document.objects.all()] == [others.sha256]
    assert [capture.file_name for capture in CVCapture.objects.all()] == ["Other.pdf"]
    assert list(get_store().versions()) == []


def test_a_name_that_others_use_stays_with_them(api: Caller, reviewer: Caller) -> None:
    theirs, others = make_cv(name=NAME), make_cv()
    theirs.file_name = others.file_name = "CV.pdf"
    for cv in (theirs, others):
        capture(api, cv)
        read(cv)
    waiting = chunks.begun(api, b"x" * 10, "CV.pdf")
    erase_person(reviewer)
    [log] = configured.LOG_DIR.glob("cv-capture-*.log")
    assert ["CV.pdf" in line for line in log.read_text().splitlines()] == [False, True]
    assert UploadSession.objects.filter(pk=waiting).exists()


def test_a_message_that_waits_for_a_colleagues_next_page_names_nobody(reviewer: Caller, gone: CV) -> None:
    sessions = []
    for text in (f"{NAME}: shortlisted.", "Jan Novak: shortlisted."):
        request = RequestFactory().get("/")
        request.session = SessionStore()
        request.session["_messages"] = SessionStorage(request).serialize_messages([Message(25, text)])
        request.session["mine"] = 1
        request.session.save()
        sessions.append(request.session.session_key)
    erase_person(reviewer)
    first, second = (SessionStore(key) for key in sessions)
    assert dict(first.items()) == {"mine": 1}
    assert "Jan Novak" in second["_messages"]


def test_records_that_were_merged_into_merged_ones_leave_nothing_either(reviewer: Caller) -> None:
    cvs = [make_cv(name=name) for name in (NAME, "Xanthippe Quuxova", "Xanthippe Quuxer")]
    people = [created(reviewer, cv, full_name=cv.name, email=cv.email) for cv in cvs]
    for cv in cvs:
        read(cv)
    last, middle, first = people
    reviewer.post(f"{DOOR}{middle.pk}/merge", {"other": last.pk})
    reviewer.post(f"{DOOR}{first.pk}/merge", {"other": middle.pk})
    logging.getLogger("door.cv_capture").warning("x", extra={"facts": {"who": NAME, "mail": cvs[0].email}})
    erase_person(reviewer, "Xanthippe Quuxer")
    words = ["quux", *(cv.email for cv in cvs), *(cv.sha256 for cv in cvs)]
    assert where(words, everywhere()) == []


def test_a_cv_that_arrives_while_its_person_is_erased_is_met(api: Caller, reviewer: Caller, gone: CV) -> None:
    """Another worker adds a version between the look and the lock."""
    candidate = Candidate.objects.get()
    late = make_cv(name=NAME, email=gone.email)
    store, versions, looks = get_store(), get_store().versions, []

    def versions_and_an_arrival(prefix: str = "") -> Any:
        if not looks:
            looks.append(prefix)
            put_resume(api, candidate.pk, late)
        return versions(prefix)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(store, "versions", versions_and_an_arrival)
        assert erase(candidate.pk, reviewer.user)
    assert not Document.objects.exists()
    assert list(store.versions()) == []


def test_the_answers_of_an_external_reader_go(reviewer: Caller, gone: CV, monkeypatch: pytest.MonkeyPatch) -> None:
    reader = ExternalReader(Options(url="http://127.0.0.1:1", model="m"))
    text = Document.objects.get().text
    reader.cache.set(reader._answer_key(text), "{}", 600)
    monkeypatch.setattr(forgetting, "external_reader", lambda: reader)
    erase_person(reviewer)
    assert reader.cache.get(reader._answer_key(text)) is None


@pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite samples no values")
@pytest.mark.parametrize("alone", [True, False], ids=["the table is empty then", "others stay"])
def test_the_planners_samples_name_nobody(api: Caller, reviewer: Caller, gone: CV, alone: bool) -> None:
    """ANALYZE of an empty table keeps the samples of the rows that were."""
    if not alone:
        other = make_cv(name="Jan Novak")
        capture(api, other)
        read(other)
    reviewer.post(f"{DOOR}{Candidate.objects.get(full_name=NAME).pk}/tags", {"name": "Quux"})
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("ANALYZE")
    words = ["quux", gone.email, gone.file_name, gone.sha256]
    found = {place for _, place in where(words, everywhere())}
    assert "the planner's samples" in found
    erase_person(reviewer)
    assert where(words, everywhere()) == []
    if not alone:
        assert "novak" in everywhere()["the planner's samples"]
