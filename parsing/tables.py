"""Jobs and studies as job portals print them: a table under column titles, or a form of labels with values."""

from __future__ import annotations

from functools import cache
from typing import Any

from parsing.dates import find_spans
from parsing.entries import PRESENT_CELL
from parsing.page import Line
from parsing.sections import without_bullet
from parsing.segments import without_place
from parsing.words import fold, load_groups


@cache
def _columns(section: str) -> dict[str, str]:
    return {
        fold(form): group.partition(".")[2]
        for group, forms in load_groups("columns.txt").items()
        if group.startswith(section + ".")
        for form in forms
    }


def read_table(lines: list[Line], section: str) -> tuple[list[dict[str, Any]], list[Line]]:
    """The rows of a table with known column titles, each with its `line`, and the lines outside of it."""
    known = _columns(section)
    for index, line in enumerate(lines):
        titles = [known.get(fold(cell), "") for cell in line.cells]
        if (
            len(titles) >= 2
            and sum(map(bool, titles)) >= max(2, len(titles) - 1)
            and {"name", "position", "studyType", "institution"} & {*titles}
        ):
            return _rows(lines, index + 1, titles)
    return [], lines


def read_form(lines: list[Line], section: str) -> list[dict[str, Any]]:
    """The records of "Organisation: ..., Designation: ..., Duration: ..." below each other, each with its `line`.

    A label that comes again begins the next record. Empty unless each record has a name and something beside it.
    """
    known = _columns(section)
    records: list[tuple[dict[str, str], Line]] = []
    for line in lines:
        label, value = _label_and_value(line)
        field = known.get(fold(label), "")
        if not field or not value:
            continue
        if not records or field in records[-1][0]:
            records.append(({}, line))
        records[-1][0][field] = without_place(value)[0]
    whole = [record for record, _ in records if {"name", "institution"} & {*record} and len(record) > 1]
    return (
        [{**_values(record), "line": line} for record, line in records]
        if records and len(whole) == len(records)
        else []
    )


def _label_and_value(line: Line) -> tuple[str, str]:
    if len(line.cells) > 1:
        return line.cells[0].rstrip(" :"), " ".join(line.cells[1:]).lstrip(": ")
    label, _, value = without_bullet(line.text).partition(":")
    return label, value.strip()


def _rows(lines: list[Line], start: int, titles: list[str]) -> tuple[list[dict[str, Any]], list[Line]]:
    rows: list[dict[str, Any]] = []
    end = start
    while end < len(lines) and len(lines[end].cells) == len(titles):
        cells = dict(zip(titles, lines[end].cells, strict=True))
        rows.append({**_values(cells), "line": lines[end]})
        end += 1
    return rows, [*lines[: start - 1], *lines[end:]]


def _values(cells: dict[str, str]) -> dict[str, Any]:
    values: dict[str, Any] = {
        key: text for key, text in cells.items() if key in ("name", "position", "studyType", "area", "institution")
    }
    if spans := find_spans(cells.get("span", "")):
        _put_dates(values, spans[0].start, spans[0].end, spans[0].current)
        return values
    start, end = find_spans(cells.get("start", "")), find_spans(cells.get("end", ""))
    current = bool(PRESENT_CELL.match(cells.get("end", "")))
    _put_dates(
        values,
        start[0].end or start[0].start if start else None,
        (end[0].end or end[0].start) if end else None,
        current,
    )
    if end and end[0].start and end[0].end:
        values["startDate"] = end[0].start
    return values


def _put_dates(values: dict[str, Any], start: str | None, end: str | None, current: bool) -> None:
    if start:
        values["startDate"] = start
    if end:
        values["endDate"] = end
    if current:
        values["current"] = True
