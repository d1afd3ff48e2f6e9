"""`/candidates/`: make, look, change, list; who may."""

from __future__ import annotations

import io
import json
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.handlers.wsgi import WSGIHandler, WSGIRequest
from django.test import Client
from django.test.client import BOUNDARY, MULTIPART_CONTENT, encode_multipart

from ats.tests.builders import Caller, assert_envelope, make_cv
from candidates import named_files, resume_files
from candidates.models import Candidate
from candidates.tests.builders import DOOR, create, created, file_of, read
from uploads.ledger import RequestTrace
from uploads.models import Document
from uploads.storage import get_store

CALLS = [
    ("GET", ""), ("POST", ""), ("GET", "1"), ("PATCH", "1"), ("DELETE", "1"), ("GET", "1/resume"), ("PUT", "1/resume"),
    ("GET", "1/resumes"), ("GET", "1/parsing-status"), ("GET", "1/notes"), ("POST", "1/notes"), ("GET", "1/tags"),
    ("POST", "1/tags"), ("DELETE", "1/tags/x"), ("DELETE", "1/notes/1"),
]  # fmt: skip


@pytest.mark.parametrize(("method", "path"), CALLS)
def test_nobody_comes_in_without_a_token(anonymous: Caller, db: None, method: str, path: str) -> None:
    assert_envelope(anonymous.generic(method, DOOR + path, "{}", "application/json"), 401)


@pytest.mark.parametrize(("method", "path"), CALLS)
def test_ops_and_users_without_a_group_are_refused(ops: Caller, nobody: Caller, method: str, path: str) -> None:
    for caller in (ops, nobody):
        assert_envelope(caller.generic(method, DOOR + path, "{}", "application/json"), 403)


@pytest.mark.parametrize(("method", "path"), [call for call in CALLS if call[1].startswith("1")])
def test_who_is_not_there_is_not_found_whatever_is_asked(reviewer: Caller, method: str, path: str) -> None:
    body, kind = "{}", "application/json"
    if method == "PUT":
        body, kind = encode_multipart(BOUNDARY, {"resume": file_of(make_cv())}), MULTIPART_CONTENT
    elif method == "POST":
        body = json.dumps({"text": "x", "name": "x"})
    assert_envelope(reviewer.generic(method, DOOR + path, body, kind), 404)


def test_a_recruiter_may_not_erase(api: Caller) -> None:
    candidate = created(api)
    assert_envelope(api.delete(f"{DOOR}{candidate.pk}"), 403)
    assert_envelope(api.delete(f"{DOOR}{candidate.pk + 1}"), 403)


def test_every_path_answers_with_and_without_the_slash(api: Caller) -> None:
    candidate = created(api)
    assert api.get("/candidates").json() == api.get("/candidates/").json()
    for path in ("", "/resumes", "/parsing-status", "/notes", "/tags"):
        one, other = api.get(f"{DOOR}{candidate.pk}{path}"), api.get(f"{DOOR}{candidate.pk}{path}/")
        assert one.status_code == other.status_code == 200
        assert one.json() == other.json()


def test_a_candidate_is_what_was_typed(api: Caller) -> None:
    typed = {
        "email": "john@example.com", "phone": "123456789", "location": "Pune, IN", "headline": "Engineer",
        "skills": ["Python", "C++"], "links": ["https://github.com/john"],
    }  # fmt: skip
    response = create(api, **typed, unknown="ignored")
    assert response.status_code == 201
    body = response.json()
    assert {name: body[name] for name in typed} == typed
    assert body["full_name"] == "John Doe"
    assert body["resume_url"] is None
    assert body["parsed_resume"] is None
    assert body["parsing_status"] == "no_resume"
    assert body["review_status"] == "new"
    assert body["source"] == "form"
    assert body["typed_fields"] == sorted(["full_name", *typed])


def test_candidate_in_may_be_a_file_part(api: Caller) -> None:
    part = SimpleUploadedFile("candidate.json", b'{"full_name": "Zo\xc3\xab"}', "application/json")
    response = api.post(DOOR, {"candidate_in": part}, content_type=MULTIPART_CONTENT)
    assert response.status_code == 201
    assert response.json()["full_name"] == "Zoë"


@pytest.mark.parametrize("text", ["", "{", "[]", '"x"', "null", "[" * 5000])
def test_candidate_in_must_be_a_json_object(api: Caller, text: str) -> None:
    response = api.post(DOOR, {"candidate_in": text}, content_type=MULTIPART_CONTENT)
    assert_envelope(response, 422, field="candidate_in")


def test_a_body_without_candidate_in_is_told_so(api: Caller) -> None:
    response = api.post(DOOR, {"full_name": "John"}, content_type=MULTIPART_CONTENT)
    assert_envelope(response, 422, field="candidate_in")


def test_json_is_not_taken_where_a_form_is_needed(api: Caller) -> None:
    assert_envelope(api.post(DOOR, {"full_name": "John"}), 415)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("full_name", ""), ("full_name", None), ("full_name", "x" * 201), ("full_name", 5), ("full_name", "a\x00b"),
        ("full_name", "a\u202eb"), ("email", "no-at-sign"), ("email", ["a@b.c"]), ("phone", "none"), ("phone", 1),
        ("links", ["javascript:alert(1)"]), ("links", "https://x.y"), ("skills", [1]),
    ],
)  # fmt: skip
def test_a_fault_is_named_by_its_field(api: Caller, field: str, value: Any) -> None:
    errors = assert_envelope(create(api, **{field: value}), 422)["errors"]
    assert any(name.split(".")[0] == field for name in errors)


def test_every_fault_is_named_at_once(api: Caller) -> None:
    resume = SimpleUploadedFile("cv.pdf", b"no pdf")
    body = assert_envelope(create(api, resume=resume, full_name="", email="x"), 422)
    assert set(body["errors"]) == {"full_name", "email", "resume"}


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("cv.pdf", b""), ("cv.pdf", b"not a pdf"), ("cv.pdf", b"PK\x03\x04" + b"0" * 99),
        ("cv.pdf", b"<html>%PDF-1.4</html>"), ("cv.docx", make_cv().content), ("cv", make_cv().content),
    ],
)  # fmt: skip
def test_only_pdfs_are_taken(api: Caller, name: str, content: bytes) -> None:
    assert_envelope(create(api, resume=SimpleUploadedFile(name, content)), 422, field="resume")
    assert not Candidate.objects.exists()
    assert not Document.objects.exists()


def test_a_resume_over_the_limit_is_named_and_a_body_far_over_it_is_not_read(api: Caller, settings: Any) -> None:
    settings.CV_MAX_BYTES = 1000
    big = make_cv().content + b"\n" * 1000
    assert_envelope(create(api, resume=SimpleUploadedFile("cv.pdf", big)), 422, field="resume")
    assert_envelope(create(api, resume=SimpleUploadedFile("cv.pdf", big * 300)), 413, code="body_too_large")


def test_a_candidate_in_over_128_kb_is_refused(api: Caller) -> None:
    assert_envelope(create(api, headline="x" * 140_000), 413)
    part = SimpleUploadedFile("c.json", b'{"full_name": "' + b"x" * 140_000 + b'"}')
    assert_envelope(api.post(DOOR, {"candidate_in": part}, content_type=MULTIPART_CONTENT), 413)


def test_what_the_house_owns_cannot_be_set_from_outside(api: Caller) -> None:
    owned = {"id": 1, "resume_url": "http://evil.example/", "parsed_resume": {"a": 1}, "created_at": "1999-01-01"}
    body = create(api, **owned, review_status="shortlisted", typed_fields=["x"]).json()
    assert body["resume_url"] is None
    assert body["parsed_resume"] is None
    assert not body["created_at"].startswith("1999")
    assert body["review_status"] == "new"


# --- File and candidate are one deed ----------------------------------------------------------------------------------


def through_wsgi(caller: Caller, body: bytes, announced: int) -> tuple[int, dict]:
    """The call as a server makes it when the client hangs up: fewer bytes come than were announced."""
    environ = {
        "REQUEST_METHOD": "POST", "PATH_INFO": DOOR, "SERVER_NAME": "testserver", "SERVER_PORT": "80",
        "CONTENT_TYPE": MULTIPART_CONTENT, "CONTENT_LENGTH": str(announced), "wsgi.input": io.BytesIO(body),
        "wsgi.url_scheme": "http", "HTTP_AUTHORIZATION": f"Bearer {caller.token}", "wsgi.errors": io.StringIO(),
        "HTTP_HOST": "testserver",
    }  # fmt: skip
    response = WSGIHandler().get_response(WSGIRequest(environ))
    return response.status_code, json.loads(response.content)


@pytest.mark.parametrize("share", [0.5, 0.99, 0.999])
def test_a_body_that_is_cut_off_leaves_nothing(api: Caller, share: float) -> None:
    candidate_in = json.dumps({"full_name": "John"})
    body = encode_multipart(BOUNDARY, {"candidate_in": candidate_in, "resume": file_of(make_cv())})
    status, answer = through_wsgi(api, body[: int(len(body) * share)], len(body))
    assert (status, answer["code"]) == (400, "incomplete_body")
    assert not Candidate.objects.exists()
    assert not list(get_store().versions())


def test_a_body_without_its_closing_boundary_is_cut_off(api: Caller) -> None:
    body = encode_multipart(BOUNDARY, {"candidate_in": '{"full_name": "John"}', "resume": file_of(make_cv())})
    status, answer = through_wsgi(api, body[:-6], len(body) - 6)
    assert (status, answer["code"]) == (400, "incomplete_body")


def test_a_whole_body_passes(api: Caller) -> None:
    body = encode_multipart(BOUNDARY, {"candidate_in": '{"full_name": "John"}', "resume": file_of(make_cv())})
    assert through_wsgi(api, body, len(body))[0] == 201


def test_a_browser_page_sends_its_csrf_token_as_a_header_and_is_held_to_the_same(api: Caller) -> None:
    page = Client(enforce_csrf_checks=True)
    page.force_login(api.user)
    page.cookies["csrftoken"] = token = "x" * 32
    body = encode_multipart(BOUNDARY, {"candidate_in": '{"full_name": "John"}', "resume": file_of(make_cv())})
    assert_envelope(page.generic("POST", DOOR, body, MULTIPART_CONTENT), 403)
    headers = {"x-csrftoken": token}
    cut = page.generic("POST", DOOR, body[:-6], MULTIPART_CONTENT, headers=headers)
    assert_envelope(cut, 400, code="incomplete_body")
    assert page.generic("POST", DOOR, body, MULTIPART_CONTENT, headers=headers).status_code == 201


def test_a_store_that_is_away_leaves_no_candidate(api: Caller, store_away: Any) -> None:
    store_away()
    response = create(api, make_cv())
    assert_envelope(response, 503, code="store_unavailable")
    assert response["Retry-After"]
    assert not Candidate.objects.exists()
    assert not Document.objects.exists()


def test_a_file_without_its_name_is_mended_by_the_sweep(api: Caller) -> None:
    candidate = created(api, make_cv())  # no commit is heard of here, as after a crash
    assert resume_files.get_resume_file_path(candidate.pk) is None
    assert named_files.place_due() == 1
    assert resume_files.get_resume_file_path(candidate.pk)
    assert named_files.place_due() == 0


def test_a_call_leaves_one_ledger_row(api: Caller) -> None:
    candidate = created(api, make_cv())
    trace = RequestTrace.objects.get()
    assert (trace.operation, trace.outcome, trace.user) == ("candidates", "SUCCESS", api.user)
    assert trace.document == candidate.documents.get()
    assert trace.details == {"candidate_id": candidate.pk}


# --- Look and change --------------------------------------------------------------------------------------------------


def test_a_colleague_sees_and_changes_the_same_candidate(api: Caller, other: Caller) -> None:
    candidate = created(api)
    changed = other.patch(f"{DOOR}{candidate.pk}", {"phone": "+919800000001"}, content_type="application/json")
    assert changed.status_code == 200
    assert api.get(f"{DOOR}{candidate.pk}").json() == changed.json()
    assert changed.json()["phone"] == "+919800000001"
    assert changed.json()["full_name"] == "John Doe"


def test_a_change_with_a_fault_changes_nothing(api: Caller) -> None:
    candidate = created(api)
    body = {"phone": "+919800000001", "full_name": ""}
    assert_envelope(api.patch(f"{DOOR}{candidate.pk}", body, content_type="application/json"), 422, field="full_name")
    candidate.refresh_from_db()
    assert candidate.phone == ""


def test_a_candidate_is_decided_by_a_change(api: Caller) -> None:
    candidate = created(api)
    body = {"review_status": "shortlisted"}
    changed = api.patch(f"{DOOR}{candidate.pk}", body, content_type="application/json")
    assert changed.json()["review_status"] == "shortlisted"
    body = {"review_status": "king"}
    response = api.patch(f"{DOOR}{candidate.pk}", body, content_type="application/json")
    assert_envelope(response, 422, field="review_status")


# --- The list ---------------------------------------------------------------------------------------------------------


def walk(caller: Caller, query: str, step: str = "next") -> list[str]:
    names, url = [], f"{DOOR}?{query}"
    while url:
        page = caller.get(url).json()
        names += [row["full_name"] for row in (page["results"] if step == "next" else reversed(page["results"]))]
        url = page[step]
        assert len(names) < 100
    return names


@pytest.mark.parametrize("ordering", ["created_at", "-created_at", "full_name", "-full_name", "-updated_at"])
def test_pages_hold_every_candidate_once_in_order(api: Caller, ordering: str) -> None:
    names = [f"P{number:02d}" for number in range(7)]
    Candidate.objects.bulk_create(Candidate(full_name=name) for name in names)  # one moment for all
    Candidate.objects.bulk_create([Candidate(full_name="P03"), Candidate(full_name="P03")])
    found = walk(api, f"ordering={ordering}&limit=2")
    assert sorted(found) == sorted([*names, "P03", "P03"])
    if "full_name" in ordering:
        assert found == sorted(found, reverse=ordering.startswith("-"))


def test_the_way_back_is_the_way_there(api: Caller) -> None:
    Candidate.objects.bulk_create(Candidate(full_name=f"P{number}") for number in range(7))
    there, page = [], api.get(f"{DOOR}?limit=3").json()
    while True:
        there.append([row["id"] for row in page["results"]])
        if not page["next"]:
            break
        page = api.get(page["next"]).json()
    back = [[row["id"] for row in page["results"]]]
    while page["previous"]:
        page = api.get(page["previous"]).json()
        back.insert(0, [row["id"] for row in page["results"]])
    assert back == there


@pytest.mark.parametrize(
    "query", ["ordering=email", "limit=0", "limit=x", "limit=1000", "cursor=x", "cursor=W10", "document=x",
              "review_status=king"],
)  # fmt: skip
def test_a_query_that_cannot_be_meant_is_named(api: Caller, query: str) -> None:
    assert_envelope(api.get(f"{DOOR}?{query}"), 422, field=query.split("=")[0])


def test_a_list_asks_the_database_the_same_number_of_times_whatever_its_length(
    api: Caller, django_assert_max_num_queries: Any
) -> None:
    for _ in range(3):
        created(api, make_cv())
    with django_assert_max_num_queries(7):
        assert len(api.get(DOOR).json()["results"]) == 3


def test_candidates_are_found_by_document_source_and_state(api: Caller) -> None:
    cv = make_cv()
    one, two = created(api, cv), created(api, source="referral")
    document = read(cv)
    assert [row["id"] for row in api.get(f"{DOOR}?document={document.pk}").json()["results"]] == [one.pk]
    assert [row["id"] for row in api.get(f"{DOOR}?source=referral").json()["results"]] == [two.pk]
    Candidate.objects.filter(pk=two.pk).reject()
    assert [row["id"] for row in api.get(f"{DOOR}?review_status=rejected").json()["results"]] == [two.pk]


# --- Notes and tags ---------------------------------------------------------------------------------------------------


def test_notes_say_who_wrote_them_and_when(api: Caller, other: Caller, reviewer: Caller) -> None:
    candidate = created(api)
    path = f"{DOOR}{candidate.pk}/notes"
    first = api.post(path, {"text": "Spoke on the phone.\nCalls back."})
    assert first.status_code == 201
    assert first.json()["author"] == api.user.username
    assert other.post(path, {"text": "Second"}).status_code == 201
    assert [note["text"] for note in api.get(path).json()] == ["Second", "Spoke on the phone.\nCalls back."]
    assert_envelope(api.post(path, {"text": ""}), 422, field="text")
    assert_envelope(other.delete(f"{path}/{first.json()['id']}"), 404)
    assert reviewer.delete(f"{path}/{first.json()['id']}").status_code == 204


def test_a_tag_put_twice_is_one_tag(api: Caller, other: Caller) -> None:
    candidate = created(api)
    path = f"{DOOR}{candidate.pk}/tags"
    assert api.post(path, {"name": "Night shift"}).status_code == 201
    again = other.post(path, {"name": "night SHIFT"})
    assert again.status_code == 200
    assert again.json()["author"] == api.user.username
    assert api.get(f"{DOOR}{candidate.pk}").json()["tags"] == ["Night shift"]
    assert api.delete(f"{path}/night%20shift").status_code == 204
    assert_envelope(api.delete(f"{path}/night%20shift"), 404)
