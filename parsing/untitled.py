"""CVs without any section titles: each dated entry tells by itself whether it is a job or a study."""

from __future__ import annotations

from parsing.contacts import EMAIL
from parsing.dates import find_spans
from parsing.entries import Entry, split_entries
from parsing.page import Line
from parsing.sections import Section
from parsing.who import degree_level, school_score, title_words

MAX_HEADER = 15


def with_sections(sections: list[Section]) -> list[Section]:
    """The sections as they are, or, where none is of work or education, with the entries below the contact data."""
    if any(section.kind in ("work", "education") for section in sections):
        return sections
    result: list[Section] = []
    for section in sections:
        result += [section] if section.kind else _divided(section.lines)
    return result


def _divided(lines: list[Line]) -> list[Section]:
    start = max((i + 1 for i, line in enumerate(lines[:MAX_HEADER]) if EMAIL.search(line.text)), default=1)
    if not any(span.start for line in lines[start:] for span in find_spans(line.text)):
        return [Section("", lines=lines)]
    parts = {"work": Section("work"), "education": Section("education")}
    for entry in split_entries(lines[start:], singles=False):
        parts["education" if _is_study(entry) else "work"].lines += entry.header + entry.body
    return [Section("", lines=lines[:start]), *(part for part in parts.values() if part.lines)]


def _is_study(entry: Entry) -> bool:
    return any(
        degree_level(line.text) or (school_score(line.text) >= 2 and not title_words(line.text))
        for line in entry.header
    )
