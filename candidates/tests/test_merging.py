"""One person once: known by keys, suggested by likeness, merged by a human, and two again."""

from __future__ import annotations

import io
import json
import zipfile
from typing import Any

import pytest

from ats.tests.builders import CV, Caller, assert_envelope, capture, make_cv, put, stored
from candidates.merging import compare_old
from candidates.models import Candidate, Merge, PersonKey, PossibleDuplicate
from candidates.tests.builders import DOOR, bytes_of, created, put_resume, read
from uploads.models import Document

pytestmark = pytest.mark.usefixtures("committing")
JSON = "application/json"


def show(caller: Caller, pk: int) -> dict[str, Any]:
    return caller.get(f"{DOOR}{pk}").json()


def merge(caller: Caller, kept: Candidate, other: Candidate, **chosen: str) -> dict[str, Any]:
    response = caller.post(f"{DOOR}{kept.pk}/merge", {"other": other.pk, "fields": chosen})
    assert response.status_code == 200, response.content
    return response.json()


def unmerge(caller: Caller, kept: Candidate) -> list[dict[str, Any]]:
    merge_id = caller.get(f"{DOOR}{kept.pk}/merges").json()[0]["merge_id"]
    response = caller.post(f"{DOOR}{kept.pk}/unmerge", {"merge_id": merge_id})
    assert response.status_code == 200, response.content
    return response.json()


def test_one_person_by_three_doors_with_three_spellings_of_the_phone_is_one_candidate(
    api: Caller, other: Caller
) -> None:
    numbers = ("+91 98765 43210", "+919876543210", "+91-98765-43210")
    one, two, three = (make_cv(phone=number) for number in numbers)
    candidate = created(api, one, full_name="Asha Verma")
    read(one)
    capture(other, two)
    read(two)
    answer = api.post("/upload/request", three.request()).json()
    put(answer["s3_presigned_url"], three.content)
    api.post("/upload/complete", {"doc_id": answer["doc_id"]})
    read(three)
    assert Candidate.objects.get() == candidate
    assert [v["sha256"] for v in api.get(f"{DOOR}{candidate.pk}/resumes").json()] == [
        three.sha256, two.sha256, one.sha256,
    ]  # fmt: skip


def resume(name: str, employer: str = "", city: str = "") -> dict[str, Any]:
    return {
        "basics": {"name": name, "location": {"city": city}}, "work": [{"name": employer}] if employer else [],
        "skills": [],
    }  # fmt: skip


def from_cv(name: str, employer: str = "", city: str = "") -> Candidate:
    return Candidate.objects.take_in(stored(make_cv()), resume(name, employer, city))


@pytest.mark.parametrize(
    ("one", "another", "reasons"),
    [
        (
            ("Asha Verma", "Initech Ltd", ""), ("Asha Vermaa", "Initech", ""),
            ["similar name (95)", "same employer (initech)"],
        ),
        (("Asha Verma", "", "Pune"), ("Verma Asha", "", "Pune"), ["similar name (100)", "same place"]),
        (("Asha Verma", "Initech", "Pune"), ("Asha Verma", "Globex", "Delhi"), None),
        (("Asha Verma", "Initech", ""), ("Ravi Verma", "Initech", ""), None),
    ],
)  # fmt: skip
def test_people_alike_in_name_and_more_are_suggested_with_reasons(
    db: None, one: tuple, another: tuple, reasons: list[str] | None
) -> None:
    first, second = from_cv(*one), from_cv(*another)
    assert first != second
    found = PossibleDuplicate.objects.filter(candidate=second, other=first).values_list("reasons", flat=True)
    assert list(found) == ([reasons] if reasons else [])


def test_the_nightly_sweep_finds_what_was_there_before(api: Caller) -> None:
    one, two = from_cv("Asha Verma", "Initech"), from_cv("Asha Verma", "Initech")
    PossibleDuplicate.objects.all().delete()
    assert compare_old(limit=1) == 1
    assert [twin["id"] for twin in show(api, one.pk)["possible_duplicates"]] == [two.pk]


def test_two_people_said_to_be_two_are_not_suggested_again(api: Caller) -> None:
    one, two = from_cv("Asha Verma", "Initech"), from_cv("Asha Verma", "Initech")
    assert api.delete(f"{DOOR}{one.pk}/duplicates/{two.pk}").status_code == 204
    compare_old(limit=10)
    assert show(api, one.pk)["possible_duplicates"] == show(api, two.pk)["possible_duplicates"] == []
    assert_envelope(api.delete(f"{DOOR}{one.pk}/duplicates/{two.pk + 1}"), 404)


# --- Merge ------------------------------------------------------------------------------------------------------------


@pytest.fixture
def pair(reviewer: Caller) -> tuple[Candidate, Candidate, CV, CV]:
    """A recruiter's candidate and one from a CV, both with a resume, a note and a tag."""
    first, second = make_cv(name="Asha Verma"), make_cv(name="Asha Varma")
    kept = created(reviewer, first, full_name="Asha Verma", headline="Engineer", skills=["COBOL"])
    read(first)
    capture(reviewer, second)
    read(second)
    other = Candidate.objects.exclude(pk=kept.pk).get()
    for candidate in (kept, other):
        reviewer.post(f"{DOOR}{candidate.pk}/notes", {"text": f"note on {candidate.pk}"})
        reviewer.post(f"{DOOR}{candidate.pk}/tags", {"name": "both"})
        reviewer.post(f"{DOOR}{candidate.pk}/tags", {"name": f"tag {candidate.pk}"})
    kept.refresh_from_db()
    return kept, other, first, second


def test_a_merge_keeps_both_histories_and_takes_the_chosen_fields(reviewer: Caller, pair: Any) -> None:
    kept, other, first, second = pair
    body = merge(reviewer, kept, other, email="other")
    assert body["id"] == kept.pk
    assert body["email"] == second.email
    assert body["headline"] == "Engineer"
    assert body["skills"] == ["COBOL", *other.skills]
    assert "email" in body["typed_fields"]
    assert sorted(body["tags"]) == sorted(["both", f"tag {kept.pk}", f"tag {other.pk}"])
    assert len(reviewer.get(f"{DOOR}{kept.pk}/notes").json()) == 2
    assert [v["sha256"] for v in reviewer.get(f"{DOOR}{kept.pk}/resumes").json()] == [second.sha256, first.sha256]
    assert_envelope(reviewer.get(f"{DOOR}{other.pk}"), 404)
    for query in (first.email, second.email, "varma"):
        assert [row["id"] for row in reviewer.get(f"{DOOR}?search={query}").json()["results"]] == [kept.pk]


def test_a_later_cv_of_either_goes_to_the_one(reviewer: Caller, pair: Any) -> None:
    kept, other, first, second = pair
    merge(reviewer, kept, other)
    for email, name in ((first.email, "Asha Verma"), (second.email, "Asha Varma")):
        later = make_cv(name=name, email=email)
        capture(reviewer, later)
        read(later)
    assert Candidate.objects.get() == kept
    assert kept.versions.count() == 4


def state(caller: Caller, candidate: Candidate) -> tuple[Any, ...]:
    body = show(caller, candidate.pk)
    body.pop("updated_at")
    body.pop("possible_duplicates")
    paths = ("resumes", "notes", "tags")
    keys = set(PersonKey.objects.filter(candidate=candidate).values_list("kind", "value"))
    return body, keys, *(caller.get(f"{DOOR}{candidate.pk}/{path}").json() for path in paths)


def test_an_unmerge_restores_both_as_they_were(reviewer: Caller, pair: Any) -> None:
    kept, other, *_ = pair
    before = state(reviewer, kept), state(reviewer, other)
    merge(reviewer, kept, other, email="other", full_name="other")
    assert [row["id"] for row in unmerge(reviewer, kept)] == [kept.pk, other.pk]
    assert (state(reviewer, kept), state(reviewer, other)) == before
    assert show(reviewer, kept.pk)["possible_duplicates"] == []


@pytest.mark.parametrize("which", ["the one", "the other"])
def test_who_had_no_cv_has_none_after_an_unmerge(reviewer: Caller, cv: CV, which: str) -> None:
    bare, read_one = created(reviewer, full_name="Asha Verma"), created(reviewer, cv, full_name="Asha Verma")
    read(cv)
    kept, other = (bare, read_one) if which == "the one" else (read_one, bare)
    before = state(reviewer, kept), state(reviewer, other)
    merge(reviewer, kept, other)
    assert show(reviewer, kept.pk)["parsed_resume"]["basics"]["email"] == cv.email
    unmerge(reviewer, kept)
    assert (state(reviewer, kept), state(reviewer, other)) == before
    assert show(reviewer, bare.pk)["parsed_resume"] is None


def test_who_was_merged_is_still_found_and_known_by_what_was_typed(reviewer: Caller) -> None:
    """Also through another merge: the last one stands for all."""
    people = [
        created(reviewer, full_name=f"Asha {name}", email=f"{name}@example.com") for name in ("One", "Two", "Six")
    ]
    first, second, third = people
    merge(reviewer, second, first)
    merge(reviewer, third, second)
    for name in ("One", "Two", "Six"):
        assert [row["id"] for row in reviewer.get(f"{DOOR}?search={name}").json()["results"]] == [third.pk]
    emails = set(PersonKey.objects.filter(candidate=third).values_list("value", flat=True))
    assert emails == {"one@example.com", "two@example.com", "six@example.com"}
    archive = zipfile.ZipFile(io.BytesIO(bytes_of(reviewer.get(f"{DOOR}{third.pk}/export"))))
    merged = json.loads(archive.read("data.json"))["merged"]
    assert [row["full_name"] for row in merged] == ["Asha Two", "Asha One"]


def test_what_was_edited_after_the_merge_stays(reviewer: Caller, pair: Any) -> None:
    kept, other, *_ = pair
    merge(reviewer, kept, other, email="other")
    reviewer.patch(f"{DOOR}{kept.pk}", {"location": "Goa"}, content_type=JSON)
    newest = make_cv()
    put_resume(reviewer, kept.pk, newest)
    reviewer.post(f"{DOOR}{kept.pk}/notes", {"text": "after"})
    one, two = unmerge(reviewer, kept)
    assert one["location"] == "Goa"
    assert one["email"] != two["email"]
    assert len(reviewer.get(f"{DOOR}{kept.pk}/resumes").json()) == 2
    assert [note["text"] for note in reviewer.get(f"{DOOR}{kept.pk}/notes").json()] == ["after", f"note on {kept.pk}"]
    assert len(reviewer.get(f"{DOOR}{other.pk}/resumes").json()) == 1


def test_a_document_of_both_is_one_version_while_they_are_one(reviewer: Caller, cv: CV) -> None:
    kept, other = created(reviewer, cv), created(reviewer, cv)
    merge(reviewer, kept, other)
    assert len(reviewer.get(f"{DOOR}{kept.pk}/resumes").json()) == 1
    unmerge(reviewer, kept)
    for candidate in (kept, other):
        assert len(reviewer.get(f"{DOOR}{candidate.pk}/resumes").json()) == 1
        assert reviewer.get(f"{DOOR}{candidate.pk}/resume").status_code == 200
    assert Document.objects.count() == 1


def test_a_merge_happens_once_and_is_undone_once(reviewer: Caller) -> None:
    kept, other = created(reviewer), created(reviewer)
    merge(reviewer, kept, other)
    assert_envelope(reviewer.post(f"{DOOR}{kept.pk}/merge", {"other": other.pk}), 404)
    link = Merge.objects.get()
    unmerge(reviewer, kept)
    assert_envelope(reviewer.post(f"{DOOR}{kept.pk}/unmerge", {"merge_id": link.pk}), 404)
    assert_envelope(reviewer.post(f"{DOOR}{kept.pk}/merge", {"other": kept.pk}), 422, field="other")
    assert_envelope(reviewer.post(f"{DOOR}{kept.pk}/merge", {"other": 10**9}), 404)
    fault = {"other": other.pk, "fields": {"id": "other", "email": "third"}}
    assert_envelope(reviewer.post(f"{DOOR}{kept.pk}/merge", fault), 422)


def test_only_reviewers_merge(api: Caller, ops: Caller, nobody: Caller, anonymous: Caller) -> None:
    kept, other = created(api), created(api)
    for caller, status in ((api, 403), (ops, 403), (nobody, 403), (anonymous, 401)):
        for path in ("merge", "unmerge"):
            assert_envelope(caller.post(f"{DOOR}{kept.pk}/{path}", {"other": other.pk, "merge_id": 1}), status)


def test_who_was_merged_is_erased_with_the_one(reviewer: Caller, pair: Any) -> None:
    kept, other, *_ = pair
    merge(reviewer, kept, other)
    assert reviewer.delete(f"{DOOR}{kept.pk}").status_code == 204
    assert not Candidate.everyone.exists()
    assert not Document.objects.exists()
    assert not Merge.objects.exists()
