"""Certificates, and projects: the short lines that name them, with date and issuer where they stand beside."""

from __future__ import annotations

import re
from typing import Any

from parsing.dates import find_spans, looks_like_date, without_dates
from parsing.entries import Entry, highlights, split_entries
from parsing.page import Line
from parsing.sections import is_bullet, without_bullet
from parsing.segments import EDGES, halves, segments_of

MAX_WORDS = 14
ISSUER = re.compile(r"^(?:state|board|city|ministry|university|american|royal|national|international)\b", re.I)
KNOWN_TAIL = re.compile(
    r"[,\s(]*\b(?:(?:expires?|expiry|valid until|credential|issued|verification)\b|"
    r"(?:licen[sc]e|certificate|cert\.?|registration)?\s*(?:no\.?|number|id)?\s*[#:]\s*\w*\d).*$",
    re.I,
)


def find_certificates(lines: list[Line]) -> list[tuple[dict[str, Any], Line]]:
    """Certificates in order. A list in one line is divided at commas; in blocks the first line is the name."""
    if _is_blocks(lines):
        return list(filter(None, map(_from_block, split_entries(lines, singles=True))))
    found: list[tuple[dict[str, Any], Line]] = []
    joined = _joined(lines)
    alone = len(joined) == 1  # several lines are a certificate each, one line may list several
    for before, line in zip([None, *joined], joined, strict=False):
        if before and found and _is_detail(before, line):
            found[-1][0].setdefault("issuer", line.text)
            continue
        for cell in line.cells or (line.text,):
            if looks_like_date(cell):
                _put_date(found, cell)
                continue
            found += [(item, line) for part in _parts(without_bullet(cell), alone) if (item := _item(part))]
    return found


def _is_detail(before: Line, line: Line) -> bool:
    """Whether a line in smaller or lighter letters stands close below the name of a certificate."""
    lighter = line.size < 0.95 * before.size or (before.bold and not line.bold)
    return lighter and line.block - before.block <= 1 and not is_bullet(line) and not find_spans(line.text)


def _is_blocks(lines: list[Line]) -> bool:
    dated = sum(any(looks_like_date(cell) for cell in line.cells) for line in lines)
    return len(lines) >= 3 and dated >= 1 and sum(map(is_bullet, lines)) <= 1 and dated * 2.2 <= len(lines)


def _from_block(entry: Entry) -> tuple[dict[str, Any], Line] | None:
    segments = segments_of(entry.header)
    if not segments:
        return None
    item: dict[str, Any] = {"name": segments[0].text}
    if len(segments) > 1:
        item["issuer"] = segments[1].text
    if entry.span:
        item["date"] = entry.span.end or entry.span.start
    return item, segments[0].line


def _joined(lines: list[Line]) -> list[Line]:
    """A line that begins in lower case, or follows an open comma, belongs to the line before."""
    result: list[Line] = []
    for line in lines:
        last = result[-1] if result else None
        if (
            last
            and not is_bullet(line)
            and (line.text[:1].islower() or last.text.rstrip().endswith((",", "&", " of", " for", " in")))
        ):
            text = f"{last.text} {line.text}"
            result[-1] = Line(text, last.page, last.box, last.size, last.bold, (text,), last.style, last.block)
        else:
            result.append(line)
    return result


def _parts(text: str, alone: bool) -> list[str]:
    parts = [part.strip() for part in re.split(r"\s*[;•●|]\s*|\t", text) if part.strip()]
    if alone and len(parts) == 1 and text.count(",") >= 1 and not find_spans(text):
        pieces = [piece.strip() for piece in text.split(",")]
        if all(1 <= len(piece.split()) <= 6 and not ISSUER.match(piece) for piece in pieces):
            return pieces
    return parts


def _item(text: str) -> dict[str, Any] | None:
    spans = find_spans(text)
    name = KNOWN_TAIL.sub("", without_dates(text).replace("\t", " ")).strip(EDGES)
    name, _, issuer = name.partition(", ")
    if not name or len(name.split()) > MAX_WORDS or not any(c.isalpha() for c in name):
        return None
    item: dict[str, Any] = {"name": name} | ({"issuer": issuer} if issuer else {})
    for left, right in halves(name):
        if " - " in name or " – " in name or " — " in name:
            item = {"name": left, "issuer": right}
            break
    if spans:
        item["date"] = spans[0].end or spans[0].start
    return item


def _put_date(found: list[tuple[dict[str, Any], Line]], cell: str) -> None:
    if found and "date" not in found[-1][0] and (spans := find_spans(cell)):
        found[-1][0]["date"] = spans[0].end or spans[0].start


def find_projects(lines: list[Line]) -> list[tuple[dict[str, Any], Line]]:
    """Projects with time and highlights."""
    found = []
    for entry in split_entries(lines, singles=True):
        segments = segments_of(entry.header)
        if not segments:
            continue
        item: dict[str, Any] = {"name": segments[0].text}
        if entry.span:
            item |= {k: v for k, v in (("startDate", entry.span.start), ("endDate", entry.span.end)) if v}
        if told := highlights(entry):
            item["highlights"] = told[:20]
        found.append((item, segments[0].line))
    return found
