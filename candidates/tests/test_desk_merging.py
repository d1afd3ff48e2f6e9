"""The desk's pages for two records of one person."""

from __future__ import annotations

import pytest

from ats.tests.desk import LIST, at_desk, person, text_of
from candidates.models import Candidate, Merge, PossibleDuplicate

pytestmark = pytest.mark.django_db


@pytest.fixture
def pair() -> tuple[Candidate, Candidate]:
    one = person("Asha Verma", email="one@example.com", skills=["Python"])
    two = person("Asha Varma", email="two@example.com", skills=["<script>"], phone="+91 98765 43210")
    PossibleDuplicate.suggest(one, {two: ["similar name (90)"]})
    return one, two


def test_a_reviewer_chooses_merges_and_makes_two_again(pair: tuple[Candidate, Candidate]) -> None:
    one, two = pair
    desk = at_desk("Reviewer")
    assert f"{LIST}{one.pk}/merge/{two.pk}/" in text_of(desk.get(f"{LIST}{one.pk}/change/"))
    page = text_of(desk.get(f"{LIST}{one.pk}/merge/{two.pk}/"))
    assert "two@example.com" in page
    assert "<script>" not in page.partition("<main")[2]
    desk.post(f"{LIST}{one.pk}/merge/{two.pk}/", {"email": "other", "skills": "", "full_name": "kept"})
    one.refresh_from_db()
    assert (one.full_name, one.email, one.phone) == ("Asha Verma", "two@example.com", "+91 98765 43210")
    assert one.skills == ["Python", "<script>"]
    assert desk.get(f"{LIST}{two.pk}/change/").status_code == 404
    link = Merge.objects.get()
    assert "Make two again" in text_of(desk.get(f"{LIST}{one.pk}/change/"))
    desk.post(f"{LIST}{one.pk}/unmerge/{link.pk}/")
    one.refresh_from_db()
    assert one.email == "one@example.com"
    assert Candidate.objects.count() == 2


def test_a_recruiter_says_two_people_but_does_not_merge(pair: tuple[Candidate, Candidate]) -> None:
    one, two = pair
    desk = at_desk("Recruiter")
    assert "Merge…" not in text_of(desk.get(f"{LIST}{one.pk}/change/"))
    assert desk.post(f"{LIST}{one.pk}/merge/{two.pk}/").status_code == 403
    assert desk.post(f"{LIST}{one.pk}/unmerge/1/").status_code == 403
    assert desk.post(f"{LIST}{one.pk}/two-people/{two.pk}/").status_code == 302
    assert "May be the same" not in text_of(desk.get(f"{LIST}{one.pk}/change/"))
    assert "possible duplicate" not in text_of(desk.get(LIST))


def test_who_was_erased_before_is_kept_by_a_reviewer_only() -> None:
    asha = person()
    Candidate.objects.update(erased_before=True)
    assert at_desk("Recruiter").post(f"{LIST}{asha.pk}/keep/").status_code == 403
    desk = at_desk("Reviewer")
    assert "Erased before" in text_of(desk.get(f"{LIST}{asha.pk}/change/"))
    desk.post(f"{LIST}{asha.pk}/keep/")
    asha.refresh_from_db()
    assert asha.erased_before is False


def test_who_is_under_a_legal_hold_cannot_be_deleted_at_the_desk() -> None:
    asha = person()
    Candidate.objects.update(legal_hold=True)
    assert at_desk("Reviewer").post(f"{LIST}{asha.pk}/delete/", {"post": "yes"}).status_code == 403
    assert Candidate.objects.exists()
