"""How matches are ordered and paged, and that the ways of finding the first of many find the same."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from ats.tests.builders import Caller, assert_envelope
from ats.tests.desk import LIST, at_desk
from candidates import queries
from candidates.admin import CandidateAdmin
from candidates.models import Candidate
from candidates.tests.builders import DOOR
from candidates.tests.test_search import person, with_cv
from uploads import keyset

pytestmark = [pytest.mark.django_db, pytest.mark.both_databases]


@pytest.fixture(params=["whole", "in parts"])
def _reach(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """A table that is looked at as a whole, and one that is longer than what is looked at first."""
    if request.param == "in parts":
        monkeypatch.setattr(keyset, "NEAR_LEAST", 2)
        monkeypatch.setattr(keyset, "NEAR_EACH", 0)
        monkeypatch.setattr(queries, "READ_NEXT", 3)


def all_pages(api: Caller, query: str) -> list[str]:
    names, url = [], f"{DOOR}?{query}"
    while url:
        body = api.get(url).json()
        names += [row["full_name"] for row in body["results"]]
        url = body["next"]
    return names


@pytest.fixture
def crowd(_reach: None) -> None:
    """Twelve people; the older half know Cobol, every third is a nurse, the first two were shortlisted."""
    for number in range(12):
        skills = ["Nursing"] * (number % 3 == 0) + ["Cobol"] * (number < 6)
        person(f"Person {number}", headline="Engineer", skills=skills, total_years=float(number))
    early = Candidate.objects.order_by("pk")[:2].values_list("pk", flat=True)
    Candidate.objects.filter(pk__in=list(early)).shortlist()


@pytest.mark.parametrize(
    ("query", "numbers"),
    [
        ("search=engineer", range(11, -1, -1)),
        ("search=engineer&ordering=created_at", range(12)),
        ("search=cobol", range(5, -1, -1)),
        ("search=cobol+nursing", [3, 0]),
        ("search=engineer+-cobol", range(11, 5, -1)),
        ("search=-cobol", range(11, 5, -1)),
        ("search=engineer&review_status=shortlisted", [1, 0]),
        ("search=cobol&skill=nursing&years=2-", [3]),
        ("search=engineer&years=1-2&ordering=full_name", [1, 2]),
        ("review_status=shortlisted", [1, 0]),
        ("skill=cobol&ordering=updated_at", [2, 3, 4, 5, 0, 1]),
        ("years=2-4&ordering=-created_at", [4, 3, 2]),
        ("search=unobtainium", []),
    ],
)
@pytest.mark.parametrize("limit", [1, 5, 100])
def test_pages_hold_each_match_once_and_in_order(
    crowd: None, api: Caller, query: str, numbers: Any, limit: int
) -> None:
    assert all_pages(api, f"{query}&limit={limit}") == [f"Person {number}" for number in numbers]


def test_one_may_page_back(crowd: None, api: Caller) -> None:
    first = api.get(f"{DOOR}?search=engineer&limit=5").json()
    second = api.get(first["next"]).json()
    assert api.get(second["previous"]).json()["results"] == first["results"]


def test_days_are_asked_together_with_words(crowd: None, api: Caller) -> None:
    today = f"{Candidate.objects.newest_first()[0].created_at:%Y-%m-%d}"
    assert len(all_pages(api, f"search=cobol&created_from={today}&created_to={today}")) == 6
    assert all_pages(api, "search=cobol&created_to=2001-01-01") == []
    assert all_pages(api, "search=cobol&created_from=2001-01-01&ordering=created_at")[0] == "Person 0"


# --- Relevance --------------------------------------------------------------------------------------------------------


@pytest.fixture
def bakers(_reach: None) -> None:
    person("Ruby Baker")
    person("In Heading", headline="Ruby and Rails")
    with_cv("Often Said", "ruby gems, ruby tests, ruby deployments")
    with_cv("Once Said", "bread, and ruby once")
    with_cv("Never Said", "bread")


BEST_FIRST = ["Ruby Baker", "In Heading", "Often Said", "Once Said"]


@pytest.mark.parametrize("limit", [1, 3, 100])
def test_a_name_comes_before_a_headline_and_that_before_the_text(bakers: None, api: Caller, limit: int) -> None:
    assert all_pages(api, f"search=ruby&ordering=-relevance&limit={limit}") == BEST_FIRST


def test_one_may_page_back_by_relevance(bakers: None, api: Caller) -> None:
    first = api.get(f"{DOOR}?search=ruby&ordering=-relevance&limit=2").json()
    second = api.get(first["next"]).json()
    assert second["next"] is None
    assert api.get(second["previous"]).json()["results"] == first["results"]


@pytest.mark.parametrize(
    ("search", "found"),
    [
        ("rubi", ["Ruby Baker"]),  # a slip of a name
        ('"ruby gems"', ["Often Said"]),
        ("ruby -bread -gems", ["Ruby Baker", "In Heading"]),
        ("rub*", BEST_FIRST),
    ],
)
def test_any_query_can_be_ranked(bakers: None, api: Caller, search: str, found: list[str]) -> None:
    assert all_pages(api, f"search={search}&ordering=-relevance") == found


def test_negated_words_alone_leave_the_newest_first(bakers: None, api: Caller) -> None:
    assert all_pages(api, "search=-ruby&ordering=-relevance") == ["Never Said"]


def test_only_the_newest_matches_are_weighed(bakers: None, api: Caller, monkeypatch: pytest.MonkeyPatch) -> None:
    from candidates import ranking

    monkeypatch.setattr(ranking, "MOST_RANKED", 2)
    monkeypatch.setattr(ranking, "ENOUGH_RANKED", 2)
    assert all_pages(api, "search=ruby&ordering=-relevance") == ["Often Said", "Once Said"]


@pytest.mark.parametrize("query", ["ordering=-relevance", "ordering=relevance&search=x", "ordering=-relevance&skill=x"])
def test_relevance_without_a_search_is_refused(api: Caller, query: str) -> None:
    assert_envelope(api.get(f"{DOOR}?{query}"), 422, field="ordering")


def test_an_excerpt_says_what_the_cv_says_and_no_more_statements_are_asked_for_many(
    bakers: None, api: Caller, django_assert_max_num_queries: Callable[[int], Any]
) -> None:
    with django_assert_max_num_queries(20):
        rows = api.get(f"{DOOR}?search=ruby").json()["results"]
    said = {row["full_name"]: [piece["text"] for piece in row["excerpts"]] for row in rows}
    assert said["Once Said"] == ["bread, and ruby once"]
    assert said["In Heading"] == ["In Heading · Ruby and Rails"]


# --- At the desk ------------------------------------------------------------------------------------------------------


def listed(query: str) -> list[str]:
    response = at_desk().get(f"{LIST}?{query}")
    assert response.status_code == 200
    return [candidate.full_name for candidate in response.context["cl"].result_list]


@pytest.mark.parametrize(
    ("query", "numbers"),
    [
        ("q=cobol", range(5, -1, -1)),
        ("q=cobol&skill=nursing", [3, 0]),
        ("skill=unknown", [11, 10, 8, 7]),
        ("place=unknown&years=0-1", [0, 1]),  # in the order of review states: by the alphabet, shortlisted is the last
        ("years=10-", [11, 10]),
        ("source=form&review_status__exact=shortlisted", [1, 0]),
        ("source=unknown", []),
        ("source=download", []),
        ("captured_by=unknown&q=nursing", [9, 6, 3, 0]),
        ("captured_by=nobody", []),
        ("q=😀", []),
    ],
)
def test_the_desk_is_narrowed_as_the_api(crowd: None, query: str, numbers: Any) -> None:
    assert sorted(listed(query)) == sorted(f"Person {number}" for number in numbers)
    if "q=" in query or "skill" in query:
        assert listed(query) == [f"Person {number}" for number in numbers]


def test_the_desk_sorts_a_search_by_relevance_too(bakers: None) -> None:
    assert listed("q=ruby&by=relevance") == BEST_FIRST
    assert listed("q=ruby") == ["Once Said", "Often Said", "In Heading", "Ruby Baker"]
    assert "best first" in at_desk().get(f"{LIST}?q=ruby").content.decode()


def test_the_desk_marks_what_was_found_and_runs_none_of_it() -> None:
    with_cv("Mallory", "<img src=x onerror=alert(1)> ruby <script>alert(1)</script>")
    page = at_desk().get(f"{LIST}?q=ruby").content.decode()
    assert "&gt; <mark>ruby</mark> &lt;script&gt;alert(1)&lt;/script&gt;" in page
    assert "<img src=x" not in page


def test_a_filter_of_the_desk_that_cannot_be_meant_is_refused(crowd: None) -> None:
    assert at_desk().get(f"{LIST}?years=x").status_code in (302, 400)


def test_a_search_at_the_desk_pages_both_ways(crowd: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(CandidateAdmin, "list_per_page", 4)
    desk = at_desk()
    first = desk.get(f"{LIST}?q=engineer").context["cl"]
    second = desk.get(LIST + first.older_url).context["cl"]
    back = desk.get(LIST + second.newer_url).context["cl"]
    assert [person.full_name for person in second.result_list] == [f"Person {number}" for number in (7, 6, 5, 4)]
    assert back.result_list == first.result_list
