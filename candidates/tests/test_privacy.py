"""Erased everywhere, recognised when it comes again; held, purged, handed over."""

from __future__ import annotations

import io
import json
import logging
import zipfile
from pathlib import Path
from typing import Any

import pytest
from django.contrib.admin.models import CHANGE, LogEntry
from django.contrib.contenttypes.models import ContentType
from django.core.cache import cache
from django.core.management import call_command
from django.utils import timezone

from ats.tests.builders import CV, Caller, assert_envelope, capture, make_cv
from ats.tests.everything import places, where
from candidates.erasing import finish_erasures
from candidates.models import Candidate, Erasure, ResumeAccess
from candidates.tests.builders import DOOR, bytes_of, created, put_resume, read
from uploads import ledger
from uploads.blackout import black_out
from uploads.models import Document
from uploads.storage import get_store

pytestmark = pytest.mark.usefixtures("committing")
JSON = "application/json"


def everywhere(settings: Any) -> dict[str, str]:
    folders = (Path(settings.ATS_DATA_DIR), Path(settings.LOG_DIR))
    return places(*folders, redis_url=settings.REDIS_URL, bytes_of_database=False)


def test_after_erasing_a_search_of_everything_finds_nothing(reviewer: Caller, other: Caller, settings: Any) -> None:
    first, second = make_cv(name="Xanthippe Quux"), make_cv(name="Xanthippe Quux")
    candidate = created(reviewer, first, full_name="Xanthippe Quux")
    read(first)
    second = make_cv(name="Xanthippe Quux", email=first.email)
    capture(other, second)
    read(second)
    reviewer.post(f"{DOOR}{candidate.pk}/notes", {"text": "Quux was nice"})
    reviewer.post(f"{DOOR}{candidate.pk}/tags", {"name": "quux"})
    reviewer.get(f"{DOOR}{candidate.pk}/resume")
    reviewer.get(f"{DOOR}?search=xantippe")
    ledger.record_failure("task", "SYSTEM_ERROR", f"Key (email)=({first.email}) already exists.")
    LogEntry.objects.create(
        user=reviewer.user, content_type=ContentType.objects.get_for_model(Candidate), object_id=str(candidate.pk),
        object_repr="Xanthippe Quux", action_flag=CHANGE, change_message="Quux shortlisted",
    )  # fmt: skip
    candidate.refresh_from_db()
    assert candidate.versions.count() == 2
    words = ["quux", first.email, candidate.phone[-8:], first.file_name, second.file_name, first.sha256, second.sha256]
    before = {word for word, _ in where(words, everywhere(settings))}
    assert set(words) - before == {first.file_name}  # it came as "My CV.pdf"

    assert reviewer.delete(f"{DOOR}{candidate.pk}").status_code == 204

    assert where(words, everywhere(settings)) == []
    assert not list(get_store().versions())
    assert not cache.get(first.email)
    erasure = Erasure.objects.get()
    assert (erasure.candidate_id, erasure.erased_by, erasure.documents) == (candidate.pk, reviewer.user, 2)
    assert erasure.objects_removed == 2
    assert erasure.left == []
    assert LogEntry.objects.get().object_repr == "erased"


def test_lines_of_others_in_the_daily_log_stay_whole(api: Caller, reviewer: Caller, settings: Any) -> None:
    gone, stays = make_cv(name="Xanthippe Quux"), make_cv(name="Jan Novak")
    for cv in (gone, stays):
        capture(api, cv)
        read(cv)
    [log] = Path(settings.LOG_DIR).glob("cv-capture-*.log")
    before = log.read_text().splitlines()
    reviewer.delete(f"{DOOR}{Candidate.objects.get(full_name='Xanthippe Quux').pk}")
    after = log.read_text().splitlines()
    assert [len(line) for line in after] == [len(line) for line in before]
    assert after[1] == before[1]
    assert json.loads(after[0].partition("CV uploaded ")[2])["file_name"] == "#" * len(gone.file_name)


def test_words_are_blacked_out_as_json_writes_them(settings: Any) -> None:
    logging.getLogger("door.cv_capture").warning("x", extra={"facts": {"a": 'Zoë "Q".pdf', "b": "kept"}})
    [log] = Path(settings.LOG_DIR).glob("*.log")
    assert black_out({'Zoë "Q".pdf'}) == 1
    facts = json.loads(log.read_text().partition(": x ")[2])
    assert set(facts["a"]) == {"#"}
    assert facts["b"] == "kept"


def test_a_document_of_two_people_stays_with_the_other(reviewer: Caller, cv: CV) -> None:
    one, two = created(reviewer, cv), created(reviewer, cv)
    read(cv)
    reviewer.delete(f"{DOOR}{one.pk}")
    assert bytes_of(reviewer.get(f"{DOOR}{two.pk}/resume")) == cv.content
    reviewer.patch(f"{DOOR}{two.pk}", {"location": "Goa"}, content_type=JSON)
    two.refresh_from_db()
    assert two.erased_before is True  # another record of somebody who was erased: a human must look
    reviewer.delete(f"{DOOR}{two.pk}")
    assert not Document.objects.exists()
    assert not list(get_store().versions())


def test_while_the_store_is_away_nobody_is_half_erased(reviewer: Caller, cv: CV, store_away: Any) -> None:
    candidate = created(reviewer, cv)
    store_away()
    assert_envelope(reviewer.delete(f"{DOOR}{candidate.pk}"), 503)
    assert Candidate.objects.filter(pk=candidate.pk).exists()
    assert not Erasure.objects.exists()


def test_what_a_crash_left_in_the_store_is_on_the_receipt_and_goes_with_the_sweep(reviewer: Caller, cv: CV) -> None:
    candidate = created(reviewer, cv)
    document = candidate.documents.get()
    reviewer.delete(f"{DOOR}{candidate.pk}")
    again = get_store().put(
        document.s3_key, io.BytesIO(cv.content), sha256=cv.sha256, content_type="application/pdf"
    )  # fmt: skip
    Erasure.objects.update(left=[[again.key, again.version]])
    assert finish_erasures() == 1
    assert not list(get_store().versions())
    assert Erasure.objects.get().left == []


# --- Come again -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("how", ["the same file", "the same person"])
def test_who_was_erased_and_comes_again_is_marked_for_a_human(reviewer: Caller, how: str) -> None:
    cv = make_cv()
    candidate = created(reviewer, cv, full_name=cv.name)
    read(cv)
    reviewer.delete(f"{DOOR}{candidate.pk}")
    again = cv if how == "the same file" else make_cv(name=cv.name, email=cv.email.upper())
    capture(reviewer, again)
    read(again)
    back = Candidate.objects.get()
    body = reviewer.get(f"{DOOR}{back.pk}").json()
    assert body["erased_before"] is True
    kept = reviewer.patch(f"{DOOR}{back.pk}", {"erased_before": False}, content_type=JSON)
    assert kept.json()["erased_before"] is False
    reviewer.patch(f"{DOOR}{back.pk}", {"location": "Goa"}, content_type=JSON)
    back.refresh_from_db()
    assert back.erased_before is False


def test_a_stranger_is_not_marked(reviewer: Caller) -> None:
    cv = make_cv()
    candidate = created(reviewer, cv, full_name=cv.name)
    read(cv)
    reviewer.delete(f"{DOOR}{candidate.pk}")
    assert created(reviewer, make_cv(), full_name=cv.name).erased_before is False


def test_a_recruiter_cannot_decide_on_who_was_erased_or_on_a_hold(api: Caller) -> None:
    candidate = created(api)
    for field in ("erased_before", "legal_hold"):
        response = api.patch(f"{DOOR}{candidate.pk}", {field: False}, content_type=JSON)
        assert_envelope(response, 403)


# --- Hold and purge ---------------------------------------------------------------------------------------------------


def test_a_legal_hold_keeps_a_candidate(reviewer: Caller) -> None:
    candidate = created(reviewer)
    reviewer.patch(f"{DOOR}{candidate.pk}", {"legal_hold": True}, content_type=JSON)
    assert_envelope(reviewer.delete(f"{DOOR}{candidate.pk}"), 409, code="legal_hold")
    reviewer.patch(f"{DOOR}{candidate.pk}", {"legal_hold": False}, content_type=JSON)
    assert reviewer.delete(f"{DOOR}{candidate.pk}").status_code == 204


def rejected(caller: Caller, days_ago: int, **facts: Any) -> Candidate:
    candidate = created(caller, make_cv())
    Candidate.objects.filter(pk=candidate.pk).reject()
    moment = timezone.now() - timezone.timedelta(days=days_ago)
    Candidate.objects.filter(pk=candidate.pk).update(reviewed_at=moment, **facts)
    return candidate


def test_the_purge_erases_who_was_rejected_long_ago(api: Caller, capsys: pytest.CaptureFixture[str]) -> None:
    old, held = rejected(api, 200), rejected(api, 200, legal_hold=True)
    young, new = rejected(api, 100), created(api)
    call_command("purge_candidates", "--rejected-older-than", "180d", "--dry-run")
    assert capsys.readouterr().out.splitlines() == [
        f"candidate {old.pk} would be erased", "candidates erased: 1 (dry run); under a legal hold: 1",
    ]  # fmt: skip
    assert Candidate.objects.count() == 4
    call_command("purge_candidates", "--rejected-older-than", "180d")
    assert set(Candidate.objects.all()) == {held, young, new}
    assert Document.objects.count() == 2
    assert Erasure.objects.get().erased_by is None


# --- Handed over ------------------------------------------------------------------------------------------------------


def test_an_export_holds_what_is_known_and_every_file(api: Caller, cv: CV) -> None:
    newer, candidate = make_cv(), created(api, cv, full_name="Asha Verma")
    read(cv)
    put_resume(api, candidate.pk, newer)
    api.post(f"{DOOR}{candidate.pk}/notes", {"text": "Nice"})
    created(api, full_name="Somebody Else", email=cv.email)
    response = api.get(f"{DOOR}{candidate.pk}/export")
    assert response.status_code == 200
    assert response["Content-Type"] == "application/zip"
    assert "no-store" in response["Cache-Control"]
    archive = zipfile.ZipFile(io.BytesIO(bytes_of(response)))
    files = sorted(name for name in archive.namelist() if name.startswith("files/"))
    assert [archive.read(name) for name in files] == [newer.content, cv.content]
    data = json.loads(archive.read("data.json"))
    assert data["candidate"]["email"] == cv.email
    assert data["notes"][0]["text"] == "Nice"
    assert any(cv.email in resume["text"] for resume in data["read_from_resumes"])
    assert "Somebody Else" not in json.dumps(data)
    assert ResumeAccess.objects.filter(candidate=candidate, user=api.user).count() == 2


def test_an_export_is_for_who_may_download(ops: Caller, nobody: Caller, anonymous: Caller, api: Caller) -> None:
    candidate = created(api)
    assert_envelope(ops.get(f"{DOOR}{candidate.pk}/export"), 403)
    assert_envelope(nobody.get(f"{DOOR}{candidate.pk}/export"), 403)
    assert_envelope(anonymous.get(f"{DOOR}{candidate.pk}/export"), 401)
    assert_envelope(api.get(f"{DOOR}{candidate.pk + 1}/export"), 404)
