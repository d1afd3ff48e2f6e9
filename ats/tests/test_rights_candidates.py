"""Door two: every call, by recruiter, reviewer, ops, somebody without a group, nobody; and ids that nobody may know of.

The calls come from the map of the door: one that is not in the table fails."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from django.test.client import BOUNDARY, MULTIPART_CONTENT, encode_multipart

from ats.tests.builders import Caller, assert_envelope, make_cv
from candidates.models import Merge, PossibleDuplicate
from candidates.tests.builders import DOOR, created, file_of, read
from candidates.tests.conftest import committing  # noqa: F401  (the fixture)
from candidates.urls import urlpatterns
from uploads.models import Assessment

pytestmark = pytest.mark.usefixtures("committing")
CALLERS = ("recruiter", "reviewer", "ops", "no group", "nobody")
RECRUITERS, REVIEWERS = (200, 200, 403, 403, 401), (403, 200, 403, 403, 401)
TABLE = {
    ("", "get"): RECRUITERS,
    ("", "post"): RECRUITERS,
    ("facets", "get"): RECRUITERS,
    ("{pk}", "get"): RECRUITERS,
    ("{pk}", "patch"): RECRUITERS,
    ("{pk}", "delete"): REVIEWERS,
    ("{pk}/resume", "get"): RECRUITERS,
    ("{pk}/resume", "put"): RECRUITERS,
    ("{pk}/resumes", "get"): RECRUITERS,
    ("{pk}/parsing-status", "get"): RECRUITERS,
    ("{pk}/assessments", "get"): RECRUITERS,
    ("{pk}/assessments", "post"): RECRUITERS,
    ("{pk}/assessments/{assessment_id}", "delete"): RECRUITERS,
    ("{pk}/export", "get"): RECRUITERS,
    ("{pk}/notes", "get"): RECRUITERS,
    ("{pk}/notes", "post"): RECRUITERS,
    ("{pk}/notes/{note_id}", "delete"): RECRUITERS,
    ("{pk}/tags", "get"): RECRUITERS,
    ("{pk}/tags", "post"): RECRUITERS,
    ("{pk}/tags/{name}", "delete"): RECRUITERS,
    ("{pk}/merge", "post"): REVIEWERS,
    ("{pk}/unmerge", "post"): REVIEWERS,
    ("{pk}/merges", "get"): RECRUITERS,
    ("{pk}/duplicates/{other}", "delete"): RECRUITERS,
}
OF_ONE = [call for call in TABLE if call[0].startswith("{pk}")]
METHODS = ("get", "post", "put", "patch", "delete")


def route_of(pattern: Any) -> str:
    """`^/(?P<pk>[0-9]{1,18})/notes/?$` → `{pk}/notes`."""
    return re.sub(r"\(\?P<(\w+)>[^()]*\)", r"{\1}", str(pattern.pattern)).strip("^$?/")


def test_every_call_of_the_door_stands_in_the_table() -> None:
    calls = {
        (route_of(pattern), method)
        for pattern in urlpatterns
        for method in METHODS
        if hasattr(pattern.callback.view_class, method)
    }
    assert calls == set(TABLE)


@pytest.fixture
def callers(api: Caller, reviewer: Caller, ops: Caller, nobody: Caller, anonymous: Caller) -> dict[str, Caller]:
    return dict(zip(CALLERS, (api, reviewer, ops, nobody, anonymous), strict=True))


@pytest.fixture
def ids(other: Caller, callers: dict[str, Caller]) -> dict[str, Any]:
    """A candidate with everything that a call can be about, and one that was merged into another: hidden."""
    cv = make_cv()
    person, twin = created(other, cv, full_name="Asha Verma"), created(other, full_name="Jan Novak")
    kept, hidden = created(other), created(other)
    read(cv)
    callers["reviewer"].post(f"{DOOR}{kept.pk}/merge", {"other": hidden.pk})
    PossibleDuplicate.suggest(person, {twin: ["same name"]})
    other.post(f"{DOOR}{person.pk}/tags", {"name": "java"})
    taken = str(Assessment.objects.create().pk)
    other.post(f"{DOOR}{person.pk}/assessments", {"assessment_id": taken})
    return {
        "pk": person.pk, "twin": twin.pk, "kept": kept.pk, "hidden": hidden.pk, "absent": 10**9,
        "merge": Merge.objects.get().pk, "assessment": str(Assessment.objects.create().pk), "taken": taken,
        "cv": cv,
    }  # fmt: skip


def body_of(call: tuple[str, str], ids: dict[str, Any]) -> tuple[Any, str]:
    """What a call needs, and its type."""
    resume = {"resume": file_of(make_cv())}
    multipart = {
        ("", "post"): {"candidate_in": json.dumps({"full_name": "Asha Verma"}), **resume},
        ("{pk}/resume", "put"): resume,
    }
    if call in multipart:
        parts = multipart[call]  # Django's client puts together those of a POST by itself
        return (parts if call[1] == "post" else encode_multipart(BOUNDARY, parts)), MULTIPART_CONTENT
    plain = {
        ("{pk}", "patch"): {"location": "Goa"},
        ("{pk}/assessments", "post"): {"assessment_id": ids["assessment"]},
        ("{pk}/notes", "post"): {"text": "Nice"},
        ("{pk}/tags", "post"): {"name": "python"},
        ("{pk}/merge", "post"): {"other": ids["twin"]},
        ("{pk}/unmerge", "post"): {"merge_id": ids["merge"]},
    }
    return plain.get(call, {}), "application/json"


def make(call: tuple[str, str], caller: Caller, ids: dict[str, Any], pk: int, note_id: int) -> Any:
    route, method = call
    path = DOOR + route.format(pk=pk, note_id=note_id, name="java", other=ids["twin"], assessment_id=ids["taken"])
    if method == "get":
        return caller.get(path)
    body, content_type = body_of(call, ids)
    return getattr(caller, method)(path, body, content_type=content_type)


def note_of(caller: Caller, pk: int, other: Caller) -> int:
    """A note that the caller may take back, where they may write one."""
    body = {"text": "Mine"}
    answer = caller.post(f"{DOOR}{pk}/notes", body)
    return (answer if answer.status_code == 201 else other.post(f"{DOOR}{pk}/notes", body)).json()["id"]


@pytest.mark.parametrize("who", CALLERS)
@pytest.mark.parametrize("call", TABLE, ids=" ".join)
def test_who_may_what(callers: dict[str, Caller], other: Caller, ids: dict[str, Any], call: Any, who: str) -> None:
    expected = TABLE[call][CALLERS.index(who)]
    pk = ids["kept"] if call[0] == "{pk}/unmerge" else ids["pk"]
    response = make(call, callers[who], ids, pk, note_of(callers[who], pk, other))
    if expected == 200:
        assert response.status_code in (200, 201, 204), response.content
    else:
        assert_envelope(response, expected)


def said(response: Any) -> dict[str, Any]:
    """The whole answer, but for its trace id."""
    return {"status": response.status_code, **response.json(), "trace_id": "", "allow": response.get("Allow")}


@pytest.mark.parametrize("who", CALLERS)
@pytest.mark.parametrize("call", OF_ONE, ids=" ".join)
def test_who_may_not_be_seen_and_who_is_not_there_answer_alike(
    callers: dict[str, Caller], other: Caller, ids: dict[str, Any], call: Any, who: str
) -> None:
    note_id = note_of(other, ids["pk"], other)
    hidden, absent = (said(make(call, callers[who], ids, ids[name], note_id)) for name in ("hidden", "absent"))
    assert hidden == absent
    expected = TABLE[call][CALLERS.index(who)]
    assert absent["status"] == (404 if expected == 200 else expected)
    if expected != 200:
        assert said(make(call, callers[who], ids, ids["pk"], note_id)) == absent


def test_a_recruiter_takes_back_their_own_notes_only_and_a_reviewer_any(
    api: Caller, other: Caller, reviewer: Caller
) -> None:
    candidate = created(api)
    note_id = note_of(api, candidate.pk, other)
    assert_envelope(other.delete(f"{DOOR}{candidate.pk}/notes/{note_id}"), 404)
    assert reviewer.delete(f"{DOOR}{candidate.pk}/notes/{note_id}").status_code == 204
