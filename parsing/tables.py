"""Tables of jobs and studies as job portals print them: a row of column titles, then rows with as many cells."""

from __future__ import annotations

from functools import cache
from typing import Any

from parsing.dates import find_spans
from parsing.entries import PRESENT_CELL
from parsing.page import Line
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
