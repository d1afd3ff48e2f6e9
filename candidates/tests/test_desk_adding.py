"""The desk's forms that bring a CV, and the card that says how its reading goes."""

from __future__ import annotations

import io
from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.handlers.wsgi import WSGIHandler, WSGIRequest
from django.test import Client
from django.test.client import BOUNDARY, MULTIPART_CONTENT, encode_multipart

from ats.tests.builders import CV, make_cv
from ats.tests.desk import LIST, at_desk, person, person_with_cv, pk_in, text_of
from candidates.models import Candidate
from candidates.tests.builders import file_of, read
from uploads.models import Document
from uploads.storage import get_store

pytestmark = pytest.mark.usefixtures("committing", "db")
ADD = f"{LIST}add/"
FIELDS = {"full_name": "Asha Verma", "email": "", "phone": "", "location": "", "headline": "", "whole": "yes"}


def added(desk: Client, cv: CV | None = None, **fields: Any) -> Any:
    """The response to the filled form."""
    return desk.post(ADD, {**FIELDS, **({"resume": file_of(cv)} if cv else {}), **fields})


def card(desk: Client, candidate: Candidate, query: str = "?part") -> str:
    return text_of(desk.get(f"{LIST}{candidate.pk}/reading/{query}"))


def test_a_candidate_with_a_cv_is_made_and_its_reading_shown() -> None:
    desk, cv = at_desk(username="meera"), make_cv()
    response = added(desk, cv, email="typed@example.com")
    asha = Candidate.objects.get()
    assert (response.status_code, response["Location"]) == (302, f"{LIST}{asha.pk}/reading/")
    assert asha.documents.get().doc_hash_256 == cv.sha256
    assert asha.versions.get().file_name == "My CV.pdf"
    assert (asha.source, asha.typed_fields, asha.parsing_status) == ("form", ["email", "full_name"], "pending")
    entry = LogEntry.objects.get()
    assert (entry.user.username, entry.change_message) == ("meera", "Added at the desk.")
    assert "Resume processing..." in text_of(desk.get(response["Location"]))


def test_a_candidate_without_a_cv_is_shown_at_once() -> None:
    response = added(at_desk())
    assert pk_in(response["Location"]) == Candidate.objects.get().pk


def test_what_was_read_is_told_but_not_what_was_typed() -> None:
    desk, cv = at_desk(), make_cv("Asha Verma", email="said@example.com")
    added(desk, cv, phone="+919811111111")
    read(cv)
    asha = Candidate.objects.get()
    shown = card(desk, asha)
    assert "Resume processed!" in shown
    assert 'data-state="completed"' in shown
    for words in ("said@example.com", "Python, Django", "Senior Software Engineer"):
        assert words in shown
    assert "+919811111111" not in shown
    assert "The CV says otherwise than you: telephone." in shown


def test_a_cv_that_cannot_be_read_says_why() -> None:
    desk, broken = at_desk(), CV(b"%PDF-1.7\nnothing\n%%EOF\n", "x.pdf")
    added(desk, broken)
    read(broken)
    shown = card(desk, Candidate.objects.get())
    assert "Resume could not be read: The file is damaged or is not what its name says." in shown
    assert 'data-state="failed"' in shown


@pytest.mark.parametrize(
    ("state", "hint"),
    [
        ({"parse_code": "scan"}, "It is a scan"),
        ({"parse_status": "failed", "parse_code": "no_text", "parse_reason": "x", "parse_due_at": None}, "as soon as"),
        ({}, "Nobody needs to wait here"),
    ],
)
def test_a_hint_says_what_comes_next(state: dict[str, Any], hint: str) -> None:
    desk = at_desk()
    added(desk, make_cv())
    Document.objects.update(**state)
    assert hint in card(desk, Candidate.objects.get())


def test_who_looks_like_another_is_shown_with_the_reasons() -> None:
    desk, first = at_desk(), make_cv()
    added(desk, first, email=first.email)
    added(desk, make_cv(), email=first.email.upper())
    newer, older = Candidate.objects.order_by("-pk")
    shown = card(desk, newer)
    assert f"{LIST}{older.pk}/change/" in shown
    assert "same email" in shown


# --- What is refused --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"full_name": ""}, "This field is required."),
        ({"full_name": "a\u202eb"}, "The text holds a character that no such text needs."),
        ({"email": "x"}, "This is no e-mail address."),
        ({"phone": "none"}, "A telephone number has digits."),
        ({"resume": SimpleUploadedFile("cv.pdf", b"PK\x03\x04")}, "Only PDF files are taken."),
        ({"resume": SimpleUploadedFile("cv.pdf", b"")}, "The file is empty."),
        ({"resume": SimpleUploadedFile("cv.docx", make_cv().content)}, "Only PDF files are taken."),
        ({"whole": ""}, "The form did not arrive whole."),
    ],
)
def test_a_fault_is_told_in_the_words_of_the_door_and_nothing_is_made(fields: dict[str, Any], words: str) -> None:
    response = added(at_desk(), None, **fields)
    assert response.status_code == 200
    assert words in text_of(response)
    assert not Candidate.objects.exists()
    assert not Document.objects.exists()


def test_what_was_typed_stands_in_the_form_again() -> None:
    page = text_of(added(at_desk(), make_cv(), email="x", headline="<b>Nurse"))
    assert "&lt;b&gt;Nurse" in page
    assert "choose the file again" in page


@pytest.mark.parametrize("share", [0.5, 0.8, 0.92])
def test_a_form_that_is_cut_off_leaves_nothing(share: float) -> None:
    desk = at_desk()
    body = encode_multipart(BOUNDARY, {**FIELDS, "resume": file_of(make_cv()), "z": "x"})
    fields = [part for part in body.split(b"--" + BOUNDARY.encode()) if part.strip(b"-\r\n")]
    fields.sort(key=lambda part: b'name="whole"' in part)  # as a browser sends them: the last one of the page last
    body = b"".join(b"--" + BOUNDARY.encode() + part for part in fields) + f"--{BOUNDARY}--\r\n".encode()
    environ = {
        "REQUEST_METHOD": "POST", "PATH_INFO": ADD, "SERVER_NAME": "testserver", "SERVER_PORT": "80",
        "CONTENT_TYPE": MULTIPART_CONTENT, "CONTENT_LENGTH": str(len(body)), "wsgi.errors": io.StringIO(),
        "wsgi.input": io.BytesIO(body[: int(len(body) * share)]), "wsgi.url_scheme": "http", "HTTP_HOST": "testserver",
        "HTTP_COOKIE": f"sessionid={desk.cookies['sessionid'].value}",
    }  # fmt: skip
    request = WSGIRequest(environ)
    request._dont_enforce_csrf_checks = True  # type: ignore[attr-defined]  # as Django's test client
    assert WSGIHandler().get_response(request).status_code == 200
    assert not Candidate.objects.exists()
    assert not list(get_store().versions())


def test_a_body_far_over_the_limit_is_not_read_whoever_sends_it(settings: Any) -> None:
    settings.CV_MAX_BYTES = 1000
    stranger = Client(enforce_csrf_checks=True)
    stranger.cookies["csrftoken"] = "x" * 32
    for path in (ADD, "/admin/login/"):
        big = SimpleUploadedFile("cv.pdf", b"x" * 300_000)
        assert stranger.post(path, {"csrfmiddlewaretoken": "x" * 32, "resume": big}).status_code == 400


def test_while_the_store_is_away_nothing_is_made_and_the_form_stays(store_away: Any) -> None:
    desk = at_desk()
    store_away()
    page = text_of(added(desk, make_cv(), headline="Nurse"))
    assert "Nothing was kept." in page
    assert "Nurse" in page
    assert not Candidate.objects.exists()


# --- A newer CV -------------------------------------------------------------------------------------------------------


def test_a_newer_cv_becomes_the_current_one() -> None:
    asha, _ = person_with_cv()
    desk, newer = at_desk(), make_cv("Asha Verma")
    response = desk.post(f"{LIST}{asha.pk}/resume/", {"resume": file_of(newer, "Newer.pdf")})
    assert response["Location"] == f"{LIST}{asha.pk}/change/?reading"
    assert asha.versions.count() == 2
    assert asha.versions.first().document.doc_hash_256 == newer.sha256
    page = text_of(desk.get(response["Location"]))
    assert "Resume processing..." in page
    assert "?part=here" in page
    assert LogEntry.objects.filter(change_message="Put a newer CV.", object_id=str(asha.pk)).exists()
    read(newer)
    assert "Resume processed!" in text_of(desk.get(response["Location"]))
    assert "Resume processed!" not in text_of(desk.get(f"{LIST}{asha.pk}/change/"))


@pytest.mark.parametrize("files", [{}, {"resume": SimpleUploadedFile("x.pdf", b"none")}])
def test_what_is_no_pdf_changes_nothing(files: dict[str, Any]) -> None:
    asha, document = person_with_cv()
    page = at_desk().post(f"{LIST}{asha.pk}/resume/", files, follow=True)
    assert "The CV stays as it was." in text_of(page)
    assert asha.versions.get().document == document


# --- Rights -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("group", ["Recruiter", "Reviewer"])
def test_who_works_with_candidates_sees_the_button_and_the_form(group: str) -> None:
    desk = at_desk(group)
    assert f'href="{ADD}"' in text_of(desk.get(LIST))
    assert 'name="resume"' in text_of(desk.get(ADD))


def test_others_add_nothing_and_see_no_reading() -> None:
    asha = person()
    for desk, refused in ((at_desk("Ops"), (403, 404)), (at_desk(""), (302,)), (Client(), (302,))):
        assert added(desk, make_cv()).status_code in refused
        assert desk.get(f"{LIST}{asha.pk}/reading/?part").status_code in refused
        newer = {"resume": file_of(make_cv())}
        assert desk.post(f"{LIST}{asha.pk}/resume/", newer).status_code in refused
    assert Candidate.objects.count() == 1
    assert not Document.objects.exists()


def test_the_reading_of_somebody_who_is_not_there_is_not_found() -> None:
    desk = at_desk()
    assert desk.get(f"{LIST}999999/reading/").status_code == 404
    assert desk.post(f"{LIST}999999/resume/", {"resume": file_of(make_cv())}).status_code == 404
