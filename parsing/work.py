"""Jobs: company, title, place, time, highlights."""

from __future__ import annotations

from itertools import zip_longest
from typing import Any, NamedTuple

from parsing.entries import Entry, highlights, split_entries
from parsing.page import Line
from parsing.segments import Segment, halves, segments_of, without_place
from parsing.tables import read_form, read_table
from parsing.who import company_score, place_score, title_score


class Pair(NamedTuple):
    """A reading of a header: title and company, how sure, and whether the title came first."""

    title: Segment | None
    company: Segment | None
    score: float
    title_first: bool


class Job(NamedTuple):
    fields: dict[str, Any]
    confidence: float
    lines: dict[str, Line]


IMPOSSIBLE = -1.5
NOTHING = Pair(None, None, 0.0, True)


def find_work(lines: list[Line]) -> list[Job]:
    """Jobs in the order of the file."""
    table, rest = read_table(lines, "work")
    if table := table or read_form(lines, "work"):
        return [_from_row(row) for row in table]
    entries = split_entries(rest, singles=False)
    parts = [_parts(entry) for entry in entries]
    votes = sum(
        (1 if pair.title_first else -1) * pair.score for pair in (_best(s, 0.0) for s, _ in parts) if pair.score > 2
    )
    jobs: list[Job] = []
    for entry, (segments, place) in zip(entries, parts, strict=True):
        pair = _best(segments, 0.6 if votes >= 0 else -0.6)
        job = _job(entry, pair, place, jobs[-1] if jobs else None)
        if job:
            jobs.append(job)
    return _without_umbrellas(jobs)


def _without_umbrellas(jobs: list[Job]) -> list[Job]:
    """Without the line that only names an employer and its whole time, above the titles held there."""
    return [job for job, following in zip_longest(jobs, jobs[1:]) if not _is_umbrella(job, following)]


def _is_umbrella(job: Job, following: Job | None) -> bool:
    if following is None or "position" in job.fields or "position" not in following.fields:
        return False
    return job.fields.get("name") == following.fields.get("name") and "highlights" not in job.fields


def _parts(entry: Entry) -> tuple[list[Segment], str]:
    """The texts that may name title and company, and the place."""
    kept: list[Segment] = []
    place = ""
    for segment in segments_of(entry.header):
        text, tail = without_place(segment.text)
        if place_score(segment.text) >= 3:
            place = place or segment.text
            continue
        place = place or tail
        if len(text.split()) <= 12:
            kept.append(segment._replace(text=text))
    return kept, place


def _best(segments: list[Segment], title_first_bonus: float) -> Pair:
    """The most likely title and company among the first texts of a header."""
    first = segments[:4]
    options = [_single(first[0], 0.8)] if len(first) == 1 else [NOTHING]
    for one in first:
        for other in first:
            if one.order != other.order:
                options.append(_pair(one, other, one.order < other.order, title_first_bonus))
    for segment in first[:2]:
        for left, right in halves(segment.text):
            one, other = segment._replace(text=left), segment._replace(text=right)
            malus = 0.9 if len(first) > 1 else 0.2
            options += [
                _pair(one, other, True, title_first_bonus, malus),
                _pair(other, one, False, title_first_bonus, malus),
            ]
    best = max(options, key=lambda pair: pair.score)
    return best if best.title or best.company or not first else _single(first[0])


def _pair(title: Segment, company: Segment, title_first: bool, bonus: float, malus: float = 0.0) -> Pair:
    if title_score(title.text) <= IMPOSSIBLE:
        return NOTHING
    score = title_score(title.text) + company_score(company.text) - 0.6 * max(title_score(company.text), 0.0)
    score -= 0.5 * max(company_score(title.text) - 0.5, 0.0) + malus + 0.35 * (title.order + company.order)
    return Pair(title, company, score + (bonus if title_first else -bonus) + 0.8, title_first)


def _single(segment: Segment, weight: float = 1.0) -> Pair:
    if title_score(segment.text) >= company_score(segment.text):
        return Pair(segment, None, weight * title_score(segment.text), True)
    return Pair(None, segment, weight * company_score(segment.text), False)


def _job(entry: Entry, pair: Pair, place: str, previous: Job | None) -> Job | None:
    fields: dict[str, Any] = {}
    lines: dict[str, Line] = {}
    if pair.company:
        fields["name"], lines["name"] = pair.company.text, pair.company.line
    elif previous and pair.title and "name" in previous.fields and entry.span:
        fields["name"], lines["name"] = previous.fields["name"], previous.lines["name"]  # several titles, one employer
    if pair.title:
        fields["position"], lines["position"] = pair.title.text, pair.title.line
    if not fields:
        return None
    if place:
        fields["location"] = place
    fields |= dates_of(entry)
    if told := highlights(entry):
        fields["highlights"] = told[:40]
    confidence = min(0.95, 0.45 + 0.1 * max(pair.score, 0.0)) if entry.span else 0.4
    return Job(fields, round(confidence, 2), lines)


def dates_of(entry: Entry) -> dict[str, Any]:
    """startDate, endDate and current, as far as the entry tells them."""
    span = entry.span
    if span is None:
        return {}
    dates: dict[str, Any] = {"startDate": span.start} if span.start else {}
    if span.end:
        dates["endDate"] = span.end
    if span.current:
        dates["current"] = True
    return dates


def _from_row(row: dict[str, Any]) -> Job:
    line = row.pop("line")
    return Job(row, 0.9, dict.fromkeys(row, line))
