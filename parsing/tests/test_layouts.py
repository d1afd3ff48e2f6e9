"""The same person reads the same in every layout and format."""

from __future__ import annotations

import json
import random
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from parsing.engines import layer_of
from parsing.glyphs import join_words
from parsing.page import TextLayer
from parsing.pdf import read_pages
from parsing.pdfminer_engine import read_pages as read_with_pdfminer
from parsing.plain import lines_of
from parsing.resume import read_fields, without_page_marks
from parsing.tests.cv_maker import LAYOUTS, Paper, Person, make_two_columns, random_person
from parsing.text import read_bytes


def fields_of(data: bytes) -> dict[str, Any]:
    return read_fields(read_bytes(data)).fields


def text_of(data: bytes) -> str:
    return "\n".join(line.text for line in read_bytes(data).lines)


def draw(*texts: tuple[float, float, str], size: float = 10.0) -> bytes:
    """A page with texts at points from the lower left corner: (y, x, text)."""
    paper = Paper()
    paper.drawn = [(y, x, text, "Helvetica", size) for y, x, text in texts]
    return paper.save()


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
    text = text_of(make_two_columns(Person(), by_rows=by_rows))
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


def test_a_skill_of_one_letter_below_another_stays_a_line_of_its_own():
    assert text_of(draw((700, 50, "Kotlin"), (688, 50, "C"))) == "Kotlin\nC"


def test_letters_below_each_other_are_a_word():
    drawn = [(700 - 12 * i, 50, char) for i, char in enumerate("SKILLS")]
    assert text_of(draw(*drawn)) == "SKILLS"


def test_a_shadow_is_no_text():
    word = [(700, 50 + 9 * i, char) for i, char in enumerate("oneanna")]
    shadow = [(y - 2, x + 0.4, char) for y, x, char in word]
    pairs = [drawn for pair in zip(word, shadow, strict=True) for drawn in pair]
    assert text_of(draw(*pairs, size=16)) == "oneanna"


def test_a_column_that_ends_at_the_right_margin_is_read_by_itself():
    left = [(700 - 14 * i, 50, text) for i, text in enumerate(["Experience", *["Wrote reports for the board"] * 9])]
    right = ["Skills", "Negotiation", "French cooking", "Education", "Some University", "MBA", "Languages", "Dutch"]
    ends = [(693 - 15 * i, 540 - 5.0 * len(text), text) for i, text in enumerate(right)]
    assert text_of(draw(*left, *ends)).split("\n")[-len(right) :] == right


def test_a_date_wrapped_in_a_margin_is_one_date():
    rows = [(700, 50, "Engineer, Initech"), (686, 50, "Wrote the ledger"), (660, 50, "Analyst, Hooli")]
    dates = [(703, 440, "January 2021"), (690, 448, "– Present"), (663, 438, "March 2017 to"), (650, 445, "June 2019")]
    text = text_of(draw(*rows, *dates))
    assert "January 2021 – Present" in text
    assert "March 2017 to June 2019" in text


def test_a_date_at_the_top_of_a_page_is_no_page_header():
    paper = Paper()
    lines = ["Experience", "Initech", "Engineer", "2017 - 2019"]
    paper.drawn = [(700.0 - 14 * i, 50.0, text, "Helvetica", 10.0) for i, text in enumerate(lines)]
    first = read_bytes(paper.save()).lines
    moved = [replace(line, page=2) for line in read_bytes(draw((800, 50, "2011 - 2013"))).lines]
    assert "2011 - 2013" in [line.text for line in without_page_marks([*first, *moved])]


def test_a_hyphen_at_the_end_of_a_line_goes_unless_it_belongs_to_the_word():
    assert join_words("develop\u00ad", "ment") == "development"
    assert join_words("Adebayo\u00ad", "Smith") == "Adebayo-Smith"
    assert join_words("linkedin.com/in/ann\u00ad", "lee") == "linkedin.com/in/ann-lee"


def words(pages: Any) -> list[str]:
    return sorted(word for line in layer_of(pages, "any").lines for word in line.text.split())


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
