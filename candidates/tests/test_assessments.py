"""A video put on its candidate."""

from __future__ import annotations

import uuid

import pytest

from ats.tests.builders import Caller, assert_envelope, make_cv, stored
from candidates.models import Candidate
from candidates.tests.builders import DOOR, created
from uploads.models import Assessment, Document
from uploads.storage import get_store

pytestmark = pytest.mark.usefixtures("committing")


def put_on(caller: Caller, candidate: Candidate, assessment: Assessment) -> int:
    body = {"assessment_id": str(assessment.pk)}
    return caller.post(f"{DOOR}{candidate.pk}/assessments", body).status_code


def test_a_video_is_put_on_its_candidate_once(api: Caller, other: Caller) -> None:
    candidate, another = created(api), created(api)
    assessment = Assessment.objects.create()
    assert put_on(api, candidate, assessment) == 201
    assert put_on(other, candidate, assessment) == 200
    [found] = api.get(f"{DOOR}{candidate.pk}/assessments").json()
    assert found["assessment_id"] == str(assessment.pk)
    assert put_on(api, another, assessment) == 409


def test_a_video_on_the_wrong_candidate_is_taken_off_and_put_on_the_right_one(api: Caller, other: Caller) -> None:
    wrong, right = created(api), created(api)
    assessment = Assessment.objects.create()
    put_on(api, wrong, assessment)
    path = f"{DOOR}{wrong.pk}/assessments/{assessment.pk}"
    assert other.delete(path).status_code == 204
    assert api.get(f"{DOOR}{wrong.pk}/assessments").json() == []
    assert_envelope(api.delete(path), 404)
    assert put_on(api, right, assessment) == 201
    assert_envelope(api.delete(path), 404)
    assert len(api.get(f"{DOOR}{right.pk}/assessments").json()) == 1


def test_an_unknown_video_or_candidate_is_not_found(api: Caller, ops: Caller, anonymous: Caller) -> None:
    candidate = created(api)
    path = f"{DOOR}{candidate.pk}/assessments"
    assert_envelope(api.post(path, {"assessment_id": str(uuid.uuid4())}), 404)
    assert_envelope(api.post(path, {"assessment_id": "x"}), 422, field="assessment_id")
    for no_id in ("-" * 36, "0" * 36, str(uuid.uuid4())):
        assert_envelope(api.delete(f"{path}/{no_id}"), 404)
    assert_envelope(api.get(f"{DOOR}{candidate.pk + 1}/assessments"), 404)
    assert_envelope(ops.get(path), 403)
    assert_envelope(anonymous.get(path), 401)


def test_a_video_is_erased_with_its_candidate_unless_it_is_anothers_too(reviewer: Caller) -> None:
    one, two = created(reviewer), created(reviewer)
    document = stored(make_cv())
    for candidate in (one, two):
        put_on(reviewer, candidate, Assessment.objects.create(document=document))
    reviewer.delete(f"{DOOR}{one.pk}")
    assert Assessment.objects.count() == 1
    assert Document.objects.count() == 1
    reviewer.delete(f"{DOOR}{two.pk}")
    assert not Assessment.objects.exists()
    assert not Document.objects.exists()
    assert not list(get_store().versions())


def test_a_video_goes_with_a_merge_and_comes_back(reviewer: Caller) -> None:
    kept, other = created(reviewer), created(reviewer)
    put_on(reviewer, other, Assessment.objects.create())
    reviewer.post(f"{DOOR}{kept.pk}/merge", {"other": other.pk})
    assert len(reviewer.get(f"{DOOR}{kept.pk}/assessments").json()) == 1
    merge_id = reviewer.get(f"{DOOR}{kept.pk}/merges").json()[0]["merge_id"]
    reviewer.post(f"{DOOR}{kept.pk}/unmerge", {"merge_id": merge_id})
    assert len(reviewer.get(f"{DOOR}{other.pk}/assessments").json()) == 1
