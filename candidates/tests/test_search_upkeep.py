"""Entries that were made in an older way, and what pages cost however many people there are."""

from __future__ import annotations

import pytest
from django.core.management import call_command

from ats.tests.builders import Caller
from ats.tests.desk import LIST, at_desk, many_people, person_with_cv, statements
from candidates import facets
from candidates.models import Candidate, SearchEntry
from candidates.search import MAKING
from candidates.tasks import sweep_search
from candidates.tests.builders import DOOR
from candidates.tests.test_search import person

pytestmark = [pytest.mark.django_db, pytest.mark.both_databases]


def found(text: str) -> list[str]:
    return sorted(Candidate.objects.search(text).values_list("full_name", flat=True))


@pytest.fixture
def _renamed() -> None:
    """Three people of whom the search still knows the old name, because nobody told it."""
    for number in range(3):
        person(f"Before {number}")
        Candidate.objects.filter(full_name=f"Before {number}").update(full_name=f"After {number}")
    SearchEntry.objects.update(made_by=MAKING - 1)


@pytest.mark.usefixtures("_renamed")
def test_entries_made_in_an_older_way_are_made_anew_some_at_a_time() -> None:
    assert SearchEntry.make_anew(limit=2) == 2
    assert (found("before"), found("after")) == (["After 2"], ["After 0", "After 1"])
    sweep_search()
    assert (found("before"), found("after")) == ([], ["After 0", "After 1", "After 2"])
    assert SearchEntry.make_anew(limit=2) == 0


@pytest.mark.usefixtures("_renamed")
def test_a_new_entry_is_left_alone_by_the_sweep() -> None:
    SearchEntry.objects.update(made_by=MAKING)
    sweep_search()
    assert found("after") == []


@pytest.mark.usefixtures("_renamed")
def test_all_entries_can_be_written_by_hand_or_only_those_that_are_missing() -> None:
    SearchEntry.objects.filter(candidate__full_name="After 1").delete()
    call_command("index_candidates", "--missing")
    assert found("after") == ["After 1"]
    call_command("index_candidates")
    assert found("after") == ["After 0", "After 1", "After 2"]


def test_facets_count_no_more_than_they_say(api: Caller, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(facets, "MOST_COUNTED", 2)
    for number in range(3):
        person(f"Person {number}", skills=["Python"])
    body = api.get(f"{DOOR}facets?search=python").json()
    assert (body["counted"], body["complete"]) == (2, False)
    assert body["skill"] == [{"value": "Python", "count": 2}]


def test_a_review_page_asks_as_much_for_one_person_as_among_many() -> None:
    candidate, _ = person_with_cv()
    desk, page = at_desk(), f"{LIST}{candidate.pk}/change/"
    desk.get(page)
    alone = statements(desk, page)
    many_people(300)
    assert statements(desk, page) <= alone + 2  # its neighbours are there now
    assert alone <= 25


def test_a_search_at_the_desk_asks_as_much_for_a_few_as_for_many() -> None:
    desk = at_desk()
    for number in range(3):
        person(f"Person {number}", headline="Engineer")
    few = statements(desk, f"{LIST}?q=engineer")
    for number in range(60):
        person(f"More {number}", headline="Engineer")
    assert statements(desk, f"{LIST}?q=engineer") <= few + 1
    assert few <= 16
