"""One query language, one suite, whichever database is searched."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ats.tests.builders import Caller, assert_envelope, capture, make_cv
from candidates.excerpts import excerpts
from candidates.models import Candidate, NameSlip, SearchEntry
from candidates.query import parse
from candidates.tests.builders import DOOR, created, read
from candidates.words import words_of
from uploads.models import Document

pytestmark = pytest.mark.both_databases
Find = Callable[[str], list[str]]


def person(name: str, **facts: Any) -> Candidate:
    candidate = Candidate.objects.make({"full_name": name})
    candidate.take_typed(facts)
    candidate._save()
    candidate.index()
    return candidate


def with_cv(name: str, text: str) -> Candidate:
    candidate = person(name)
    cv = make_cv()
    document = Document.objects.create(
        doc_hash_256=cv.sha256, original_filename="cv.pdf", file_size_bytes=1, content_type="application/pdf", text=text
    )
    candidate.attach(document, "cv.pdf")
    candidate.index()
    return candidate


@pytest.fixture
def find(db: None) -> Find:
    return lambda text: sorted(Candidate.objects.search(text).values_list("full_name", flat=True))


@pytest.fixture
def people(db: None) -> None:
    with_cv("Zoë Ångström", "Payment services in C++ and Python. PostgreSQL, Node.js. Munich")
    with_cv("Asha Verma", "Services for payment, in Java and C#. İstanbul, naïve résumé")
    with_cv("Jan Novák", "Python, Django. Night shifts in Łódź. Straße 5")


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("python", ["Jan Novák", "Zoë Ångström"]),
        ("PYTHON django", ["Jan Novák"]),
        ("zoe angstrom", ["Zoë Ångström"]),
        ("ZOË", ["Zoë Ångström"]),
        ("novak", ["Jan Novák"]),
        ("resume", ["Asha Verma"]),
        ("strasse", ["Jan Novák"]),
        ('"payment services"', ["Zoë Ångström"]),
        ("payment services", ["Asha Verma", "Zoë Ångström"]),
        ("python -django", ["Zoë Ångström"]),
        ('python -"night shifts"', ["Zoë Ångström"]),
        ("-python", ["Asha Verma"]),
        ("postg*", ["Zoë Ångström"]),
        ('"payment serv*"', ["Zoë Ångström"]),
        ("c++", ["Zoë Ångström"]),
        ("C#", ["Asha Verma"]),
        ("c", []),
        ("node.js", ["Zoë Ångström"]),
        ("munich nowhere", []),
        ("Ashaa", ["Asha Verma"]),  # one letter more
        ("Vrma", ["Asha Verma"]),  # one less
        ("Vemra", ["Asha Verma"]),  # two changed about
        ("Nowak", ["Jan Novák"]),  # one other
        ("verma jaav", []),  # slips are forgiven in names, not in skills
    ],
)
def test_a_query_finds(people: None, find: Find, query: str, found: list[str]) -> None:
    assert find(query) == found


@pytest.mark.parametrize(
    "query",
    ['"', "'", "C++", "(", "a AND", "NOT", "*", "-", '-"', "😀", "a:b", "names : x", "\\", "%",
     "a & | !b", "<->", "NEAR(a b)", "'; --", "x" * 10_000, "- - -", '"a" "b', "**"],
)  # fmt: skip
def test_no_query_is_a_syntax_error(people: None, api: Caller, query: str) -> None:
    assert api.get(f"{DOOR}?{urlencode({'search': query})}").status_code == 200


@given(text=st.text(max_size=60))
@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_no_text_at_all_is_a_syntax_error(db: None, text: str) -> None:
    list(Candidate.objects.search(text)[:1])


def test_what_has_no_word_finds_nobody_and_nothing_asked_finds_all(people: None, api: Caller, find: Find) -> None:
    assert find("😀") == find('"') == []
    assert len(find("")) == len(find("  ")) == 3


def test_an_address_is_found_whole_and_in_parts(find: Find) -> None:
    person("Asha", email="asha.verma@example.com")
    person("Other", email="verma.asha@example.com")
    assert find("asha.verma@example.com") == ["Asha"]
    assert find("verma") == ["Asha", "Other"]


@pytest.mark.parametrize(
    "query", ["+91 98765 43210", "9876543210", "(0091) 98765-43210".replace("(00", "+("), "+919876543210"]
)
def test_a_telephone_number_is_found_however_it_is_spaced(find: Find, query: str) -> None:
    person("Asha", phone="+91 98765-43210")
    assert find(query) == ["Asha"]


def test_what_a_cv_says_is_found_and_shown(api: Caller) -> None:
    cv = make_cv(name="Asha Verma")
    capture(api, cv)
    read(cv)
    [found] = api.get(f"{DOOR}?search=initech+payment").json()["results"]
    assert found["email"] == cv.email
    marked = [piece["text"][start:end] for piece in found["excerpts"] for start, end in piece["marks"]]
    assert marked == ["Initech", "payment"]


def test_a_change_is_found_at_once_and_what_was_changed_no_more(api: Caller) -> None:
    candidate = created(api, full_name="Before Marriage")
    api.patch(f"{DOOR}{candidate.pk}", {"full_name": "After Wedding"}, content_type="application/json")
    assert api.get(f"{DOOR}?search=before").json()["results"] == []
    assert len(api.get(f"{DOOR}?search=wedding").json()["results"]) == 1
    assert not NameSlip.objects.filter(name="before").exists()


def test_tags_are_found(api: Caller) -> None:
    candidate = created(api)
    api.post(f"{DOOR}{candidate.pk}/tags", {"name": "Night shift"})
    assert len(api.get(f"{DOOR}?search=night").json()["results"]) == 1
    api.delete(f"{DOOR}{candidate.pk}/tags/night shift")
    assert api.get(f"{DOOR}?search=night").json()["results"] == []


def test_names_in_other_scripts_are_found(find: Find) -> None:
    for name in ("हिन्दी शर्मा", "李小龙", "Ольга Петрова"):
        person(name)
    assert find("शर्मा") == ["हिन्दी शर्मा"]
    assert find("李小龙") == ["李小龙"]
    assert find("ольга") == ["Ольга Петрова"]


def test_a_very_long_cv_is_indexed(find: Find) -> None:
    with_cv("Long", " ".join(f"word{number}" for number in range(60_000)))
    assert find("word1 word9000") == ["Long"]


# --- Facets -----------------------------------------------------------------------------------------------------------


@pytest.fixture
def skilled(db: None, api: Caller) -> None:
    person("One", skills=["Python", "C++"], location="Pune, MH, IN", total_years=3.5)
    person("Two", skills=["machine  learning"], location="Pune", total_years=12.0)
    person("Three", source="referral")


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("skill=python", ["One"]),
        ("skill=c%2B%2B", ["One"]),
        ("skill=Machine+Learning", ["Two"]),
        ("skill=learning", []),
        ("skill=unknown", ["Three"]),
        ("place=pune", ["One", "Two"]),
        ("place=Pune,+MH,+IN", ["One"]),
        ("place=IN", ["One"]),
        ("place=unknown", ["Three"]),
        ("years=3", ["One"]),
        ("years=3-12", ["One", "Two"]),
        ("years=4-", ["Two"]),
        ("years=unknown", ["Three"]),
        ("source=referral", ["Three"]),
        ("captured_by=unknown", ["One", "Three", "Two"]),
        ("created_from=2000-01-01&created_to=2001-01-01", []),
        ("created_from=2000-01-01", ["One", "Three", "Two"]),
        ("place=pune&skill=python&search=one", ["One"]),
        ("search=pune&skill=unknown", []),
    ],
)
def test_a_filter_finds(skilled: None, api: Caller, query: str, found: list[str]) -> None:
    assert sorted(row["full_name"] for row in api.get(f"{DOOR}?{query}").json()["results"]) == found


def test_who_captured_a_cv_and_from_where_can_be_asked(api: Caller, other: Caller) -> None:
    cv = make_cv()
    capture(api, cv)
    read(cv)
    assert len(api.get(f"{DOOR}?captured_by={api.user.username}").json()["results"]) == 1
    assert len(api.get(f"{DOOR}?source=download").json()["results"]) == 1
    assert api.get(f"{DOOR}?captured_by={other.user.username}").json()["results"] == []


@pytest.mark.parametrize("query", ["years=x", "years=nan", "years=--3", "created_from=x", "created_to=9999-12-31"])
def test_a_filter_that_cannot_be_meant_is_named(api: Caller, query: str) -> None:
    assert_envelope(api.get(f"{DOOR}?{query}"), 422, field=query.split("=")[0])


def test_facets_count_the_matches_and_what_is_not_known(skilled: None, api: Caller) -> None:
    body = api.get(f"{DOOR}facets").json()
    assert (body["counted"], body["complete"]) == (3, True)
    assert body["years"] == [{"value": value, "count": 1} for value in ("10-", "2-4", None)]
    assert {"value": "Python", "count": 1} in body["skill"]
    assert {"value": None, "count": 1} in body["place"]
    assert body["captured_by"] == [{"value": None, "count": 3}]
    assert api.get(f"{DOOR}facets?skill=python").json()["counted"] == 1


def test_an_erased_candidate_leaves_no_word(reviewer: Caller) -> None:
    candidate = created(reviewer, full_name="Xanthippe Quux")
    created(reviewer, full_name="Somebody Quux")
    reviewer.delete(f"{DOOR}{candidate.pk}")
    assert SearchEntry.objects.count() == 1
    assert not NameSlip.objects.filter(name="xanthippe").exists()
    assert NameSlip.objects.filter(name="quux").exists()


# --- Words and excerpts -----------------------------------------------------------------------------------------------


def test_words_are_folded() -> None:
    assert words_of("ﬁne Straße, C++/C# İx e_mail@X.y 3D") == [
        "fine", "strasse", "cplusplus", "csharp", "ix", "e", "mail", "x", "y", "3d",
    ]  # fmt: skip


def test_excerpts_mark_what_was_found_in_the_text_as_it_stands() -> None:
    text = "x" * 200 + " Résumé of Zoë, who wrote C++ and more " + "y" * 200
    [piece] = excerpts(text, parse("zoe c++"))
    assert [piece["text"][start:end] for start, end in piece["marks"]] == ["Zoë", "C++"]
    assert len(piece["text"]) < 200
