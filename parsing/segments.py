"""The header of an entry to short texts, and which of them is what."""

from __future__ import annotations

import re
from typing import NamedTuple

from parsing.dates import looks_like_date, without_dates
from parsing.page import Line
from parsing.sections import WORKED_AS, without_bullet
from parsing.who import place_score

STRONG = re.compile(
    r"\t|\s+[|•·●▪■◦‖]\s+|\s+@\s+|\s+\bat\b\s+(?=[A-Z])|\s+(?:bei|chez|presso|bij|hos)\s+(?=[A-Z])|\s{3,}"
)
WEAK = re.compile(r",\s+|\s+[–—-]\s+|\s*[–—]\s+|:\s+|;\s+|(?<=[^\W\d_]{4})\.\s+(?=[^\W\d_])")
NOISE = re.compile(
    r"^\W*(?:present|current|now|ongoing|today|full.?time|part.?time|contract|permanent|temporary|"
    r"internship|seasonal|vollzeit|teilzeit|\d+ ?(?:yrs?|years?|mos?|months?)"
    r"(?: ?\d+ ?(?:mos?|months?))?|website|https?://\S+|www\.\S+|gpa.*|cgpa.*|page \d+.*)\W*$",
    re.I,
)
LINK = re.compile(r"\s*\(?(?:https?://|www\.)\S+")
EDGES = " ,;:|•·–—-/\t"


class Segment(NamedTuple):
    """A short text of a header and where it stands."""

    text: str
    line: Line
    order: int


def segments_of(header: list[Line]) -> list[Segment]:
    """The texts of a header without dates, divided where cells, bars and bullets divide them."""
    found: list[Segment] = []
    for line in header:
        for cell in line.cells or (line.text,):
            if looks_like_date(cell):
                continue
            for part in STRONG.split(_told(without_dates(LINK.sub("", without_bullet(cell))))):
                text = balanced(part.strip(EDGES))
                if text and any(c.isalnum() for c in text) and not NOISE.match(text):
                    found.append(Segment(text, line, len(found)))
    return found


def _told(text: str) -> str:
    """ "Worked as Engineer in Initech" as "Engineer | Initech"."""
    match = WORKED_AS.match(text.strip(EDGES))
    if not match:
        return text
    return f"{match['title'] or match['title2']}\t{match['company'] or match['company2']}"


def balanced(text: str) -> str:
    """Without a bracket that lost its partner when the line was divided."""
    missing = text.count("(") - text.count(")")
    if text.endswith("("):
        text = text.rstrip("(").strip()
    elif missing == 1 and " " in text:
        text += ")"
    elif missing < 0:
        text = text.replace(")", "", 1)
    return text[1:-1] if text.startswith("(") and text.endswith(")") else text


def without_place(text: str) -> tuple[str, str]:
    """A text and the place at its end: "Initech, Austin, TX" gives ("Initech", "Austin, TX")."""
    splits = [(text[: m.start()], text[m.end() :]) for m in WEAK.finditer(text)]
    for rest, tail in splits:
        if place_score(tail) >= 2 and rest.strip():
            return rest.strip(EDGES), tail.strip(EDGES)
    return text, ""


def halves(text: str) -> list[tuple[str, str]]:
    """All ways to divide a text at a comma, a dash or a bracket."""
    found = [(text[: m.start()].strip(EDGES), text[m.end() :].strip(EDGES)) for m in WEAK.finditer(text)]
    bracket = re.fullmatch(r"(.+?)\s*\(([^()]{2,})\)", text)
    if bracket:
        found.append((bracket[1], bracket[2]))
    return [(left, right) for left, right in found if left and right]
