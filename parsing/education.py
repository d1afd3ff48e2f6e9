"""Studies: institution, degree, area, time."""

from __future__ import annotations

import re
from itertools import pairwise
from typing import Any, NamedTuple

from parsing.entries import Entry, split_entries
from parsing.page import Line
from parsing.segments import EDGES, Segment, balanced, halves, segments_of, without_place
from parsing.tables import read_form, read_table
from parsing.who import degree_level, place_score, school_score, title_words
from parsing.work import dates_of

AREA = re.compile(r"^(.*?)(?:\s+(?:in|of|im|en|em|in the field of|for)\s+|\s*[,:–—-]\s+|\s*\()(.+?)\)?$", re.I)
GRADE = re.compile(
    r"\b(?:c?gpa|grade|note|percentage|marks|first class|distinction|magna|summa|cum laude|honou?rs|%)", re.I
)
BRACKET_GRADE = re.compile(
    r"\s*[(\[](?:[^()]*(?:gpa|grade|note|first|second|upper|merit|class|%|\d:\d|\d[.,]\d|distinction|mention)[^()]*)[)\]]",
    re.I,
)
GRADE_TAIL = re.compile(
    r"[\s,;|–-]+\(?(?:with|c?gpa|grade|score|note|percentage|marks|aggregate|secured)\b\W*(?:\w+\W+){0,2}\d.*$", re.I
)
LABEL = re.compile(r"^(?:abschluss|degree|qualification|grado|diplôme|titolo|course|schwerpunkt|studium)\s*:\s*", re.I)
FROM = re.compile(r"\s+(?:from|with|an der|bei|chez)\s+|(?<=[^\W\d_A-Z]{4})\.\s+(?=[^\W\d_])")
HONOURS = re.compile(r"^(\S+(?:\s\S+)?\s*\([A-Za-z.]{3,8}\))\s+(?:in\s+)?(.+)$", re.I)
HONS = re.compile(r"hons?\.?|honou?rs", re.I)
AREA_OF_OWN = re.compile(r"^(?:\s*\(?(?:Hons?\.?|Honou?rs)\)?)?(?:\s+in\s+(?:the\s+)?|\s*[,:–—-]\s*|\s*\()(.+?)\)?$")
OWN_OF = re.compile(r"^(?:bachelor|master|doctor|associate)(?:['’]?s)?\s+of\s+\w+", re.I)


class Study(NamedTuple):
    fields: dict[str, Any]
    confidence: float
    lines: dict[str, Line]


def find_education(lines: list[Line]) -> list[Study]:
    """Studies in the order of the file."""
    table, rest = read_table(lines, "education")
    if table := table or read_form(lines, "education"):
        return [_from_row(row) for row in table]
    studies: list[Study] = []
    for entry in _divided(split_entries(rest, singles=True)):
        study = _study(entry, studies[-1] if studies else None)
        if study:
            studies.append(study)
    return studies


def _divided(entries: list[Entry]) -> list[Entry]:
    """An entry whose header names two schools and two degrees is two entries."""
    result: list[Entry] = []
    for entry in entries:
        schools = [i for i, line in enumerate(entry.header) if _is_school(line)]
        degrees = [i for i, line in enumerate(entry.header) if degree_level(line.text) and not _is_school(line)]
        if entry.span is None and len(schools) > 1:
            firsts = schools if not degrees or schools[0] < degrees[0] else degrees
            bounds = [*firsts, len(entry.header)]
            result += [Entry(None, entry.header[a:b]) for a, b in pairwise(bounds)]
        else:
            result.append(entry)
    return result


def _is_school(line: Line) -> bool:
    return school_score(line.text) >= 2


def _study(entry: Entry, previous: Study | None) -> Study | None:
    segments = _pieces(entry)
    degree = max(segments, key=_degree_rank, default=None)
    degree = degree if degree and _degree_rank(degree) > 0 else None
    others = [s for s in segments if s is not degree and not GRADE.search(s.text) and place_score(s.text) < 2]
    school = max(others, key=lambda s: school_score(s.text) - 0.2 * s.order, default=None)
    if degree is None and school is not None and school_score(school.text) < 2 and entry.span is None:
        return None
    fields: dict[str, Any] = {}
    lines: dict[str, Line] = {}
    if school and (school_score(school.text) >= 2 or school.order <= 2):
        fields["institution"], tail = _school_alone(school.text)
        lines["institution"] = school.line
        if tail and place_score(tail) < 2:
            fields["area"] = tail
    elif previous and degree and "," not in degree.text and "institution" in previous.fields:
        fields["institution"], lines["institution"] = previous.fields["institution"], previous.lines["institution"]
    if degree:
        study_type, area = split_degree(degree.text)
        fields["studyType"], lines["studyType"] = study_type, degree.line
        if area:
            fields["area"] = area
        elif "area" in fields:
            pass
        elif rest := next((s.text for s in others if s is not school and _may_be_area(s, degree)), ""):
            fields["area"] = rest
    if not fields:
        return None
    fields |= dates_of(entry)
    sure = (school is not None and school_score(school.text) >= 2) + (degree is not None) + (entry.span is not None)
    return Study(fields, round(0.35 + 0.2 * sure, 2), lines)


def _may_be_area(segment: Segment, degree: Segment) -> bool:
    """Whether a text beside a degree, or close to it in the header, may say in what it is."""
    return segment.line is degree.line or (abs(segment.order - degree.order) == 1 and len(segment.text.split()) <= 6)


def _school_alone(text: str) -> tuple[str, str]:
    """ "Princeton University, Computer Science" to the school and what follows it."""
    alone, place = without_place(text)
    if place and ("," in place or f", {place}" not in text):
        text = alone
    for left, right in halves(text):
        if school_score(right) >= 2 and school_score(left) < 2 and not title_words(left):
            return right, left
        if school_score(left) >= 2 and school_score(right) < 2 and not degree_level(right) and place_score(right) < 2:
            return left, right
    return text, ""


def _pieces(entry: Entry) -> list[Segment]:
    """The texts of a header, a text that names both a degree and a school divided between them."""
    pieces: list[Segment] = []
    for segment in segments_of(entry.header):
        plain = LABEL.sub("", GRADE_TAIL.sub("", BRACKET_GRADE.sub("", segment.text))).strip(EDGES)
        if len(parts := [part.strip(EDGES) for part in FROM.split(plain)]) > 1 and degree_level(parts[0]):
            kept = [part for part in parts if part and not GRADE.search(part)]
            pieces += [segment._replace(text=part, order=len(pieces) + i) for i, part in enumerate(kept)]
            continue
        segment = segment._replace(text=plain)
        divided = _divide(segment.text) if degree_level(segment.text) and school_score(segment.text) >= 2 else None
        texts = divided or (segment.text,)
        pieces += [segment._replace(text=text, order=len(pieces) + i) for i, text in enumerate(texts)]
    return pieces


def _divide(text: str) -> tuple[str, str] | None:
    options = [
        (left, right)
        for left, right in halves(text)
        if (
            degree_level(left)
            and school_score(right) >= 2
            and (school_score(left) < 2 or degree_level(left) == "school")
        )
        or (degree_level(right) and school_score(left) >= 2 and school_score(right) < 2)
    ]
    return max(options, key=lambda pair: max(map(school_score, pair)) + 0.01 * len(pair[0]), default=None)


def _degree_rank(segment: Segment) -> float:
    level = degree_level(segment.text)
    if not level or len(segment.text.split()) > 14:
        return 0.0
    words = segment.text.split()
    starts = bool(degree_level(" ".join(words[:4])))
    return (
        1.0
        + 0.5 * starts
        - 0.05 * segment.order
        - 0.4 * (len(words) > 4 and sum(word[0].islower() for word in words) * 2 > len(words))
        - 0.9 * (school_score(segment.text) >= 2)
        + 0.2 * (level != "associate")
    )


def split_degree(text: str) -> tuple[str, str]:
    """The degree and its area, without grades."""
    degree, area = _degree_and_area(text)
    parts = [part for part in area.split(", ") if not GRADE.search(part)]
    short = parts and len(parts) > 1 and len(parts[0]) <= 6 and degree_level(parts[0])
    return degree, ", ".join(parts[1:] if short else parts)


def _degree_and_area(text: str) -> tuple[str, str]:
    """ "B.Tech in Computer Science" to degree and area; "Bachelor of Science" stays whole."""
    text = text.strip(EDGES)
    if (honours := HONOURS.match(text)) and degree_level(honours[1]):
        return honours[1], honours[2].strip(EDGES)
    if own := OWN_OF.match(text):
        area = AREA_OF_OWN.match(text[own.end() :])
        return (text[: own.end()], area[1].strip(EDGES)) if area else (text, "")
    before, comma, last = text.rpartition(", ")
    if comma and len(last.split()) <= 3 and degree_level(last) and not degree_level(before):
        return last, before
    match = AREA.match(text)
    if match and degree_level(match[1]) and not degree_level(match[2]) and not HONS.fullmatch(match[2]):
        return match[1].strip(EDGES), balanced(match[2].strip(EDGES))
    return text, ""


def _from_row(row: dict[str, Any]) -> Study:
    line = row.pop("line")
    return Study(row, 0.9, dict.fromkeys(row, line))
