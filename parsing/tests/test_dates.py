from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from parsing.dates import find_spans, looks_like_date, month_number, without_dates

RANGES = [
    ("Jan 2019 – Present", "2019-01", None, True),
    ("Sept '18 - Dec 20", "2018-09", "2020-12", False),
    ("03/2018 - 04/2020", "2018-03", "2020-04", False),
    ("2014-2018", "2014", "2018", False),
    ("2014-01 to 2016-05", "2014-01", "2016-05", False),
    ("01.02.2015 bis 31.12.2018", "2015-02", "2018-12", False),
    ("seit März 2018", "2018-03", None, True),
    ("Mars 2015 à aujourd’hui", "2015-03", None, True),
    ("enero de 2016 - actualidad", "2016-01", None, True),
    ("gennaio 2016 – oggi", "2016-01", None, True),
    ("styczeń 2016 - obecnie", "2016-01", None, True),
    ("Ocak 2016 - halen", "2016-01", None, True),
    ("марта 2015 по настоящее время", "2015-03", None, True),
    ("2019年3月 - 至今", "2019-03", None, True),
    ("2019년 3월 ~ 현재", "2019-03", None, True),
    ("يناير 2019 - الآن", "2019-01", None, True),
    ("June 2015 - till date", "2015-06", None, True),
    ("Jan – Mar 2019", "2019-01", "2019-03", False),
    ("Summer 2016 – Fall 2017", "2016", "2017", False),
    ("1 May 2012 - 3 June 2014", "2012-05", "2014-06", False),
]


@pytest.mark.parametrize(("text", "start", "end", "current"), RANGES)
def test_a_range_is_read_in_any_of_the_usual_forms(text, start, end, current):
    (span,) = find_spans(text)
    assert (span.start, span.end, span.current) == (start, end, current)
    assert looks_like_date(text)


def test_what_is_partly_known_stays_partly_known():
    assert find_spans("2019 – Feb 2021")[0][:2] == ("2019", "2021-02")


@pytest.mark.parametrize(
    "text", ["Increased revenue by 2000 units", "ISO 27001", "Phone 2012345678", "SDE-2 | 2019-02 – 2020-03"]
)
def test_text_with_numbers_is_no_date(text):
    assert not looks_like_date(text)


def test_dates_are_cut_out_of_a_line_with_their_brackets():
    assert without_dates("Engineer at ACME (Jan – Mar 2019)") == "Engineer at ACME"


def test_a_range_backwards_is_two_dates():
    assert [span.start for span in find_spans("2020 - 2010")] == [None, None]


def test_months_count_from_the_first_to_the_last():
    assert month_number("2019-12", last=True) - month_number("2019-01") + 1 == 12
    assert month_number("2018", last=True) - month_number("2015") + 1 == 36


@given(st.text(max_size=200))
def test_no_text_makes_the_grammar_fail(text):
    for span in find_spans(text):
        assert 0 <= span.begin < span.finish <= len(text)
    without_dates(text)
