"""The desk's pages of people: every address, by recruiter, reviewer, ops, somebody without a group, nobody."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.admin.sites import all_sites
from django.test import Client
from django.urls import reverse

from ats.tests.desk import at_desk, person, person_with_cv
from candidates.merging import merge
from candidates.models import Candidate, CandidateAssessment, PossibleDuplicate
from candidates.tests.conftest import committing  # noqa: F401  (the fixture)
from candidates.tests.test_desk_videos import make_video

pytestmark = pytest.mark.usefixtures("committing")
CALLERS = ("Recruiter", "Reviewer", "Ops", "no group", "nobody")
RECRUITERS, REVIEWERS = (True, True, False), (False, True, False)
# Address → how it is called, with what, and who of the first three may.
TABLE: dict[str, tuple[str, dict[str, Any], tuple[bool, ...]]] = {
    "candidates_candidate_changelist": ("get", {}, RECRUITERS),
    "candidates_candidate_add": ("get", {}, RECRUITERS),
    "candidates_candidate_change": ("get", {}, RECRUITERS),
    "candidates_candidate_history": ("get", {}, RECRUITERS),
    "candidates_candidate_delete": ("post", {"post": "yes"}, REVIEWERS),
    "candidate_do": ("post", {"verb": "reject"}, RECRUITERS),
    "candidate_take": ("post", {"field": "headline"}, RECRUITERS),
    "candidate_cv": ("get", {}, RECRUITERS),
    "candidate_reading": ("get", {}, RECRUITERS),
    "candidate_resume": ("post", {}, RECRUITERS),
    "candidate_export": ("get", {}, RECRUITERS),
    "candidate_merge": ("post", {}, REVIEWERS),
    "candidate_two-people": ("post", {}, RECRUITERS),
    "candidate_unmerge": ("post", {}, REVIEWERS),
    "candidate_keep": ("post", {}, REVIEWERS),
    "candidate_videos": ("post", {"assessment_id": "…"}, RECRUITERS),
    "candidate_video": ("get", {}, RECRUITERS),
    "candidate_video_off": ("post", {}, RECRUITERS),
}


def test_every_address_stands_in_the_table() -> None:
    [site] = [site for site in all_sites if site.is_registered(Candidate)]
    assert {url.name for url in site.get_model_admin(Candidate).get_urls() if url.name} == set(TABLE)


@pytest.fixture
def addresses(reviewer: Any) -> dict[str, str]:
    """The address of each page, about somebody to whom everything can be done."""
    asha, _ = person_with_cv()
    Candidate.objects.filter(pk=asha.pk).update(offered={"headline": "Engineer"})
    twin, other, video = person("Asha Varma"), person("Jan Novak"), make_video()
    PossibleDuplicate.suggest(asha, {twin: ["same name"]})
    merged = merge(asha.pk, other.pk, {}, reviewer.user)
    CandidateAssessment.objects.create(candidate=asha, assessment=video)
    further = {
        "candidate_export": ["csv"], "candidate_merge": [asha.pk, twin.pk], "candidate_two-people": [asha.pk, twin.pk],
        "candidate_unmerge": [asha.pk, merged.pk], "candidate_video": [asha.pk, video.pk],
        "candidate_video_off": [asha.pk, video.pk],
        "candidates_candidate_changelist": [], "candidates_candidate_add": [],
    }  # fmt: skip
    return {name: reverse(f"admin:{name}", args=further.get(name, [asha.pk])) for name in TABLE}


@pytest.mark.parametrize("who", CALLERS)
@pytest.mark.parametrize("name", TABLE)
def test_who_may_what_at_the_desk(addresses: dict[str, str], name: str, who: str) -> None:
    method, sent, allowed = TABLE[name]
    data = {**sent, "assessment_id": str(make_video("new.mp4").pk)} if "assessment_id" in sent else sent
    desk = Client() if who == "nobody" else at_desk("" if who == "no group" else who)
    before = list(Candidate.everyone.order_by("pk").values())
    response = getattr(desk, method)(addresses[name], data)
    location = response.get("Location", "")
    if who in ("nobody", "no group"):
        assert (response.status_code, location.partition("?")[0]) == (302, "/admin/login/")
    elif allowed[CALLERS.index(who)]:
        assert response.status_code in (200, 302)
        assert "/login/" not in location
        return
    else:
        assert response.status_code in (403, 404)
    assert list(Candidate.everyone.order_by("pk").values()) == before
