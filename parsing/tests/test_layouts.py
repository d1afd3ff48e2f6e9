"""The same person reads the same in every layout and format."""

from __future__ import annotations

import json
import random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from parsing.engines import layer_of
from parsing.layout import join_hyphens
from parsing.page import TextLayer
from parsing.pdf import read_pages
from parsing.pdfminer_engine import read_pages as read_with_pdfminer
from parsing.plain import lines_of
from parsing.resume import read_fields
from parsing.tests.cv_maker import LAYOUTS, Paper, Person, make_two_columns, random_person
from parsing.text import read_bytes


def fields_of(data: bytes) -> dict[str, Any]:
    return read_fields(read_bytes(data)).fields


def facts(fields: dict[str, Any]) -> dict[str, Any]:
    """What must not depend on the layout."""
    basics = fields["basics"]
    keys = ("name", "position", "startDate", "endDate", "current")
    return {
        "basics": [basics.get(key) for key in ("name", "email", "phone")],
        "links": [profile["url"] for profile in basics["profiles"]],
        "work": [[job.get(key) for key in keys] for job in fields["work"]],
        "education": [
            [study.get(key) for key in ("institution", "studyType", "area")] for study in fields["education"]
        ],
        "skills": [skill["name"] for skill in fields["skills"]],
        "languages": [item["language"] for item in fields["languages"]],
    }


@pytest.mark.parametrize("seed", range(4))
def test_the_same_person_reads_the_same_in_every_layout(seed):
    person = random_person(random.Random(seed))
    expected = facts(fields_of(LAYOUTS["txt"](person)))
    assert expected["basics"][0] == person.name
    assert [job[:2] for job in expected["work"]] == [[job.company, job.title] for job in person.work]
    assert expected["skills"] == list(person.skills)
    for layout, make in LAYOUTS.items():
        assert facts(fields_of(make(person))) == expected, layout


@pytest.mark.parametrize("by_rows", [False, True])
def test_columns_are_read_one_after_the_other_however_they_are_drawn(by_rows):
    text = join_hyphens(read_bytes(make_two_columns(Person(), by_rows=by_rows)).lines)
    order = ["Contact", "Skills", "Languages", "Summary", "Work Experience", "Education"]
    assert sorted(order, key=text.index) == order


def test_dates_beside_titles_stay_in_their_row():
    lines = [line.text for line in read_bytes(LAYOUTS["pdf"](Person())).lines]
    assert "Senior Data Analyst Mar 2019 – Present" in lines


def test_a_letter_spaced_title_is_put_together():
    paper = Paper()
    at = 50.0
    for char in "WORK EXPERIENCE":
        paper.drawn.append((700, at, char, "Helvetica-Bold", 12))
        at += 16 if char != " " else 8
    lines = read_bytes(paper.save()).lines
    assert [line.text for line in lines] == ["WORK EXPERIENCE"]


def words(pages: Any) -> list[str]:
    return sorted(join_hyphens(layer_of(pages, "any").lines).split())


@pytest.mark.parametrize("layout", ["pdf", "two-columns", "two-columns-by-rows", "margin-dates"])
def test_both_engines_give_the_same_words(layout):
    data = LAYOUTS[layout](Person())
    one, other = words(read_pages(data)[0]), words(read_with_pdfminer(data))
    assert len(set(one) & set(other)) >= 0.98 * max(len(set(one)), len(set(other)))


@given(st.lists(st.text(max_size=80), max_size=40))
@settings(max_examples=60, deadline=None)
def test_no_text_makes_the_reader_fail(lines):
    reading = read_fields(TextLayer("plain", lines_of("\n".join(["Amara Okafor", *lines]))))
    json.dumps(reading.fields)


@given(
    st.lists(
        st.sampled_from(
            [
                "Experience",
                "Skills:",
                "2019 – ",
                "Jan 2020 - Present",
                "• did it",
                "Education",
                "|",
                "(",
                "Ltd",
                "a@b.co",
                "Languages: English",
                "B.Sc",
                "+44 20",
                "https://",
                "1/2",
                "\tEngineer\t",
                "CEO at",
            ]
        ),
        max_size=30,
    )
)
@settings(max_examples=80, deadline=None)
def test_no_order_of_usual_lines_makes_the_reader_fail(lines):
    reading = read_fields(read_bytes("\n".join(["x", *lines]).encode()))
    assert reading.fields["meta"]["cv_score"] <= 1
