"""The CVs of a candidate: bytes, versions, named files, parsing status."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command

from ats.tests.builders import CV, Caller, assert_envelope, capture, make_cv
from candidates import named_files, resume_files
from candidates.models import Candidate, ResumeAccess
from candidates.tests.builders import DOOR, bytes_of, create, created, put_resume, read
from uploads.audit import audit
from uploads.models import Document
from uploads.storage import get_store

pytestmark = pytest.mark.usefixtures("committing")


def named(candidate: Candidate) -> bytes | None:
    """The bytes under the candidate's name."""
    path = resume_files.get_resume_file_path(candidate.pk)
    if path is None or Path(path).is_absolute():
        return Path(path).read_bytes() if path else None
    found = get_store().linked(path)
    assert found
    return get_store().open(found).read()


def findings() -> list[str]:
    from datetime import timedelta

    return [finding.code for finding in audit(timedelta(0))]


# --- Download ---------------------------------------------------------------------------------------------------------


def test_a_resume_comes_back_as_it_went_in(api: Caller, cv: CV) -> None:
    candidate = created(api, cv, full_name="Zoë  O'Neil/..")
    response = api.get(f"{DOOR}{candidate.pk}/resume")
    assert response.status_code == 200
    assert hashlib.sha256(bytes_of(response)).hexdigest() == cv.sha256
    assert response["Content-Type"] == "application/pdf"
    assert response["Content-Length"] == str(cv.size)
    assert response["X-Content-Type-Options"] == "nosniff"
    assert "no-store" in response["Cache-Control"]
    assert response["Content-Disposition"] == "attachment; filename*=utf-8''Zo%C3%AB__ONeil...pdf"


@pytest.mark.parametrize(
    ("asked", "start", "end"),
    [("bytes=0-9", 0, 10), ("bytes=5-", 5, None), ("bytes=-7", -7, None), ("bytes=2-2", 2, 3)],
)
def test_a_range_is_that_part_of_it(api: Caller, cv: CV, asked: str, start: int, end: int | None) -> None:
    candidate = created(api, cv)
    response = api.get(f"{DOOR}{candidate.pk}/resume", headers={"range": asked})
    assert response.status_code == 206
    assert bytes_of(response) == cv.content[start:end]
    first = start % cv.size
    last = first + len(cv.content[start:end]) - 1
    assert response["Content-Range"] == f"bytes {first}-{last}/{cv.size}"


@pytest.mark.parametrize("asked", ["bytes=5-2", "bytes=0-1,4-5", "pages=1-2", "bytes=-", "bytes=a-b"])
def test_a_range_that_cannot_be_understood_is_the_whole(api: Caller, cv: CV, asked: str) -> None:
    candidate = created(api, cv)
    response = api.get(f"{DOOR}{candidate.pk}/resume", headers={"range": asked})
    assert response.status_code == 200
    assert bytes_of(response) == cv.content


def test_a_range_beyond_the_end_is_416(api: Caller, cv: CV) -> None:
    candidate = created(api, cv)
    response = api.get(f"{DOOR}{candidate.pk}/resume", headers={"range": f"bytes={cv.size}-"})
    assert response.status_code == 416
    assert response["Content-Range"] == f"bytes */{cv.size}"


def test_a_range_of_other_bytes_is_the_whole(api: Caller, cv: CV) -> None:
    candidate = created(api, cv)
    headers = {"range": "bytes=0-3", "if-range": '"another"'}
    assert api.get(f"{DOOR}{candidate.pk}/resume", headers=headers).status_code == 200


def test_head_answers_without_the_bytes(api: Caller, cv: CV) -> None:
    candidate = created(api, cv)
    response = api.head(f"{DOOR}{candidate.pk}/resume")
    assert response.status_code == 200
    assert response["Content-Length"] == str(cv.size)


def test_every_download_is_written_down(api: Caller, other: Caller, cv: CV) -> None:
    candidate = created(api, cv)
    other.get(f"{DOOR}{candidate.pk}/resume")
    other.get(f"{DOOR}{candidate.pk}/resume", headers={"range": "bytes=5-9"})  # goes on with the same file
    access = ResumeAccess.objects.get()
    assert (access.candidate, access.user, access.kind) == (candidate, other.user, "download")
    assert access.document == candidate.documents.get()
    assert access.created_at


def test_a_candidate_without_a_resume_has_none(api: Caller) -> None:
    candidate = created(api)
    assert_envelope(api.get(f"{DOOR}{candidate.pk}/resume"), 404)
    assert api.get(f"{DOOR}{candidate.pk}/resumes").json() == []


def test_a_store_that_is_away_is_a_503_before_the_first_byte(api: Caller, cv: CV, store_away: Any) -> None:
    candidate = created(api, cv)
    store_away()
    assert_envelope(api.get(f"{DOOR}{candidate.pk}/resume"), 503)
    assert not ResumeAccess.objects.exists()


# --- Versions ---------------------------------------------------------------------------------------------------------


def test_a_newer_resume_is_a_version_and_the_older_stays(api: Caller, cv: CV) -> None:
    newer, candidate = make_cv(), created(api, cv)
    response = put_resume(api, candidate.pk, newer)
    assert response.status_code == 200
    assert response.json()["parsing_status"] == "pending"
    assert bytes_of(api.get(f"{DOOR}{candidate.pk}/resume")) == newer.content
    versions = api.get(f"{DOOR}{candidate.pk}/resumes").json()
    assert [version["sha256"] for version in versions] == [newer.sha256, cv.sha256]
    assert [version["file_name"] for version in versions] == ["Newer.pdf", "My CV.pdf"]
    assert named(candidate) == newer.content


def test_an_older_resume_put_again_is_the_current_one_again(api: Caller, cv: CV) -> None:
    candidate = created(api, cv)
    put_resume(api, candidate.pk, make_cv())
    put_resume(api, candidate.pk, cv)
    assert bytes_of(api.get(f"{DOOR}{candidate.pk}/resume")) == cv.content
    assert len(api.get(f"{DOOR}{candidate.pk}/resumes").json()) == 2
    assert named(candidate) == cv.content


def test_two_candidates_may_share_bytes_and_each_has_a_file(api: Caller, cv: CV) -> None:
    one, two = created(api, cv), created(api, cv)
    assert Document.objects.count() == 1
    assert named(one) == named(two) == cv.content
    assert len(list(get_store().versions("documents/"))) == 1


def test_a_resume_that_was_captured_before_is_known(api: Caller, cv: CV) -> None:
    capture(api, cv)
    document = read(cv)
    candidate = created(api, cv, full_name="Asha Verma")
    assert candidate.documents.get() == document
    body = api.get(f"{DOOR}{candidate.pk}").json()
    assert body["parsing_status"] == "completed"
    assert body["email"] == cv.email
    captured = Candidate.objects.exclude(pk=candidate.pk).get()
    assert [twin["id"] for twin in body["possible_duplicates"]] == [captured.pk]
    assert findings() == []


def test_a_word_file_that_becomes_current_takes_the_pdf_name_away(api: Caller, cv: CV) -> None:
    candidate = created(api, cv, full_name=cv.name)
    read(cv)
    word = make_cv(email=cv.email, extension="docx")
    capture(api, word)
    read(word)
    assert candidate.current_version
    assert candidate.current_version.document.file_type.extension == "docx"
    named_files.place_due()
    assert named(candidate) is None
    response = api.get(f"{DOOR}{candidate.pk}/resume")
    assert response["Content-Type"] == word.file_type
    assert response["Content-Disposition"].endswith('.docx"')


# --- The named file ---------------------------------------------------------------------------------------------------


def test_the_audit_finds_a_name_that_is_wrong_or_nobodys_and_the_cleanup_removes_the_latter(
    api: Caller, cv: CV
) -> None:
    candidate = created(api, cv)
    assert findings() == []
    document = candidate.documents.get()
    get_store().link(document.pinned, f"resumes/{candidate.pk + 7}.pdf")
    resume_files.delete_resume_file(candidate.pk)
    assert findings() == ["name_wrong", "name_without_row"]
    call_command("cleanup_uploads", "--older-than", "0s")
    assert findings() == ["name_wrong"]
    assert get_store().head(document.s3_key, document.s3_version)


def test_the_five_functions_keep_a_file_under_a_candidates_id(api: Caller, cv: CV, tmp_path: Path) -> None:
    candidate = created(api)
    temporary = tmp_path / "upload.tmp"
    temporary.write_bytes(cv.content)
    resume_files.ensure_resume_directory()
    assert resume_files.get_resume_file_path(candidate.pk) is None
    assert resume_files.get_resume_file_size(candidate.pk) is None
    path = resume_files.save_resume_file(temporary, candidate.pk)
    assert path.endswith(f"resumes/{candidate.pk}.pdf")
    assert resume_files.get_resume_file_path(candidate.pk) == path
    assert resume_files.get_resume_file_size(candidate.pk) == cv.size
    assert bytes_of(api.get(f"{DOOR}{candidate.pk}/resume")) == cv.content
    assert temporary.exists()
    assert resume_files.delete_resume_file(candidate.pk) is True
    assert resume_files.delete_resume_file(candidate.pk) is False


@pytest.mark.parametrize("candidate_id", [0, -1, True, "1", "../1", 1.0, None])
def test_nothing_but_a_positive_number_reaches_the_store(candidate_id: Any, tmp_path: Path) -> None:
    for ask in (
        resume_files.get_resume_file_path,
        resume_files.get_resume_file_size,
        resume_files.delete_resume_file,
        lambda wrong: resume_files.save_resume_file(tmp_path / "x", wrong),
    ):
        with pytest.raises(ValueError, match="positive"):
            ask(candidate_id)


def test_on_the_disk_the_file_is_a_hard_link(api: Caller, cv: CV, settings: Any) -> None:
    if settings.S3_BUCKET:
        pytest.skip("a store of the disk is needed")
    candidate = created(api, cv)
    path = settings.ATS_DATA_DIR / "resumes" / f"{candidate.pk}.pdf"
    assert os.stat(path).st_nlink == 2


# --- Parsing status ---------------------------------------------------------------------------------------------------


def status(caller: Caller, candidate: Candidate) -> dict[str, Any]:
    return caller.get(f"{DOOR}{candidate.pk}/parsing-status").json()


def test_parsing_status_says_what_the_row_says(api: Caller, cv: CV) -> None:
    candidate = created(api)
    nothing = {
        "candidate_id": candidate.pk, "parsing_status": "no_resume", "message": "No resume file uploaded",
        "has_resume_file": False, "has_parsed_data": False, "resume_url": None,
    }  # fmt: skip
    assert status(api, candidate) == nothing
    put_resume(api, candidate.pk, cv)
    waiting = {
        "parsing_status": "pending", "message": "Resume parsing in progress", "has_resume_file": True,
        "resume_url": f"/candidates/{candidate.pk}/resume",
    }  # fmt: skip
    assert status(api, candidate) == {**nothing, **waiting}
    read(cv)
    done = {"parsing_status": "completed", "message": "Resume parsing completed", "has_parsed_data": True}
    assert status(api, candidate) == {**nothing, **waiting, **done}


def test_a_resume_that_cannot_be_read_fails_with_a_reason(api: Caller) -> None:
    broken = CV(b"%PDF-1.7\n" + b"\x00garbage" * 50 + b"\n%%EOF\n", "cv.pdf")
    candidate = created(api, broken)
    read(broken)
    body = status(api, candidate)
    assert body["parsing_status"] == "failed"
    assert body["message"].startswith("Resume could not be read: The file")
    assert body["has_parsed_data"] is False


# --- A person's words before a CV's -----------------------------------------------------------------------------------


def test_a_parse_fills_blanks_and_offers_what_it_would_have_changed(api: Caller, cv: CV) -> None:
    candidate = created(api, cv, full_name="A. Verma", email="typed@example.com")
    read(cv)
    body = api.get(f"{DOOR}{candidate.pk}").json()
    assert body["full_name"] == "A. Verma"
    assert body["email"] == "typed@example.com"
    assert body["phone"].startswith("+91")
    assert body["typed_fields"] == ["email", "full_name"]
    assert body["offered"] == {"email": cv.email, "full_name": "Asha Verma"}
    assert "Django" in body["skills"]


def test_a_field_that_a_person_emptied_stays_empty(api: Caller, cv: CV) -> None:
    candidate = created(api, cv)
    api.patch(f"{DOOR}{candidate.pk}", {"phone": ""}, content_type="application/json")
    read(cv)
    body = api.get(f"{DOOR}{candidate.pk}").json()
    assert body["phone"] == ""
    assert body["offered"]["phone"].startswith("+91")


def test_a_newer_cv_fills_blanks_only_and_an_offer_taken_is_gone(api: Caller, cv: CV) -> None:
    newer, candidate = make_cv(), created(api, cv, full_name="Asha Verma")
    read(cv)
    put_resume(api, candidate.pk, newer)
    read(newer)
    body = api.get(f"{DOOR}{candidate.pk}").json()
    assert body["email"] == cv.email
    assert body["offered"]["email"] == newer.email
    assert body["parsed_resume"]["basics"]["email"] == newer.email
    changed = api.patch(f"{DOOR}{candidate.pk}", {"email": newer.email}, content_type="application/json").json()
    assert changed["email"] == newer.email
    assert "email" not in changed["offered"]


def test_an_older_cv_that_is_read_late_is_not_shown_as_the_current_one(api: Caller, cv: CV) -> None:
    newer, candidate = make_cv(), created(api, cv)
    put_resume(api, candidate.pk, newer)
    read(newer)
    read(cv)
    candidate.refresh_from_db()
    assert candidate.parsed_resume["basics"]["email"] == newer.email


def test_an_explicit_candidate_is_always_made_and_marked_when_it_looks_like_another(api: Caller, cv: CV) -> None:
    first = created(api, cv)
    read(cv)
    second = create(api, email=cv.email.upper(), full_name="Somebody Else").json()
    assert second["id"] != first.pk
    assert second["possible_duplicates"] == [{"id": first.pk, "full_name": "John Doe", "reasons": ["same email"]}]
    mirrored = api.get(f"{DOOR}{first.pk}").json()["possible_duplicates"]
    assert [twin["id"] for twin in mirrored] == [second["id"]]


# --- Erased -----------------------------------------------------------------------------------------------------------


def test_deleting_a_candidate_deletes_the_resume(reviewer: Caller, cv: CV) -> None:
    candidate = created(reviewer, cv)
    put_resume(reviewer, candidate.pk, make_cv())
    assert reviewer.delete(f"{DOOR}{candidate.pk}").status_code == 204
    for path in ("", "/resume", "/parsing-status"):
        assert_envelope(reviewer.get(f"{DOOR}{candidate.pk}{path}"), 404)
    assert not Document.objects.exists()
    assert not list(get_store().versions())
    assert named(candidate) is None


def test_a_document_of_two_people_goes_with_the_second(reviewer: Caller, cv: CV) -> None:
    one, two = created(reviewer, cv), created(reviewer, cv)
    reviewer.delete(f"{DOOR}{one.pk}")
    assert bytes_of(reviewer.get(f"{DOOR}{two.pk}/resume")) == cv.content
    assert named(one) is None
    reviewer.delete(f"{DOOR}{two.pk}")
    assert not Document.objects.exists()
    assert not list(get_store().versions())
