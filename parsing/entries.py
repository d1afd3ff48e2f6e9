"""Lines of a section to entries: dates are the anchors, and a CV is consistent in where it puts them."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from itertools import pairwise
from statistics import median_low

from parsing.dates import DANGLING, Span, find_spans, looks_like_date, without_dates
from parsing.page import Line
from parsing.sections import WORKED_AS, is_bullet, without_bullet
from parsing.segments import NOISE
from parsing.who import ends_as_company, title_words

MAX_BEFORE, MAX_AFTER = 4, 4
MAX_DANGLING = 120  # characters of a line whose range goes on in the next
LONG_BULLET = 11  # words, with its date
SENTENCE = 13  # words; a longer line is running text
LINK_ONLY = re.compile(r"^\W*(?:https?://|www\.)\S+$|^\S+\.(?:com|org|net|io|de|edu)\S*$", re.I)
PRESENT_CELL = re.compile(
    r"^\W*(?:present|current|now|today|till date|to date|ongoing|heute|actuel|actualidad|oggi|nu|atual)\W*$", re.I
)


@dataclass(slots=True)
class Entry:
    """One job, study or project: its time, the short lines that name it, the lines that tell about it."""

    span: Span | None
    header: list[Line] = field(default_factory=list)
    body: list[Line] = field(default_factory=list)


def split_entries(lines: list[Line], *, singles: bool) -> list[Entry]:
    """Entries in order. With `singles` a lone date at the end of a line is an anchor too, as in education."""
    lines = [line for line in _join_dates(lines) if not LINK_ONLY.match(line.text) and not NOISE.match(line.text)]
    heads = _heads(lines, float("inf") if singles else _edge(lines))
    anchors = [i for i, line in enumerate(lines) if heads[i] and anchor_of(line, singles)]
    if not anchors:
        return _undated(lines, heads)
    before = _count_before(anchors[0], heads, 0)
    starts = [anchors[0] - before]
    for previous, anchor in pairwise(anchors):
        available = _count_before(anchor, heads, previous + 1)
        separated = not all(heads[previous + 1 : anchor])
        starts.append(anchor - min(available, before + 1 if separated and before else before))
    ends = [*starts[1:], len(lines)]
    return [
        _entry(lines[start:end], heads[start:end], anchor - start, singles)
        for start, end, anchor in zip(starts, ends, anchors, strict=True)
    ]


def anchor_of(line: Line, singles: bool) -> Span | None:
    """The span that dates an entry: a range anywhere, a lone date only as a cell of its own or at an end."""
    spans = find_spans(line.text)
    ranges = [span for span in spans if span.start]
    if ranges:
        return ranges[0]
    for span in spans:
        alone = any(looks_like_date(cell) for cell in line.cells)
        titled = len(line.text.split()) <= 10 and "," in line.text and title_words(line.text) > 0
        at_end = not line.text[span.finish :].strip(" ).") or not line.text[: span.begin].strip(" (")
        if alone or ((singles or titled) and at_end):
            return span
    return None


def _join_dates(lines: list[Line]) -> list[Line]:
    """Put "01/2021 | Present" of two cells, and a range divided between two lines, together."""
    result: list[Line] = []
    for line in lines:
        cells: list[str] = []
        for cell in line.cells or (line.text,):
            dated = cells and looks_like_date(cells[-1]) and not any(s.start for s in find_spans(cells[-1]))
            if dated and (looks_like_date(cell) or PRESENT_CELL.match(cell)):
                cells[-1] = f"{cells[-1].rstrip(' –-')} – {cell.lstrip(' –-')}"
            else:
                cells.append(cell)
        line = replace(line, cells=tuple(cells), text=" ".join(cells))
        if len(cells) > 1 and len(line.text.split()) > (LONG_BULLET if is_bullet(line) else SENTENCE):
            dates = [cell for cell in cells if looks_like_date(cell)]  # beside running text: the line above is meant
            result += [replace(line, cells=(cell,), text=cell) for cell in dates]
            rest = tuple(cell for cell in cells if cell not in dates)
            line = replace(line, cells=rest, text=" ".join(rest)) if rest else line
        last = result[-1] if result else None
        if (
            last
            and len(last.text) < MAX_DANGLING
            and DANGLING.search(last.text)
            and find_spans(last.text)
            and _whole(f"{last.text} {line.text}", line.text)
        ):
            joined = (*last.cells[:-1], f"{last.cells[-1]} {line.text}")
            result[-1] = replace(last, cells=joined, text=" ".join(joined))
        else:
            result.append(line)
    return result


def _whole(joined: str, second: str) -> bool:
    return (looks_like_date(second) or bool(PRESENT_CELL.match(second))) and any(
        span.start for span in find_spans(joined)
    )


def _heads(lines: list[Line], edge: float) -> list[bool]:
    """Whether each line may name an entry: short, no bullet, not the rest of running text, not indented from `edge`."""
    heads: list[bool] = []
    for index, line in enumerate(lines):
        last = lines[index - 1] if index else None
        follows_text = last is not None and not heads[-1]
        dated = any(span.start for span in find_spans(line.text)) or any(looks_like_date(cell) for cell in line.cells)
        if is_bullet(line):
            heads.append(dated and len(without_dates(line.text).split()) < SENTENCE and line.text[:1] not in "–—")
            continue
        own_date = dated and len(line.cells) > 1
        rest = follows_text and last is not None and _continues(last, line) and not own_date
        indented = _is_indented(line, edge) and not dated
        heads.append(not rest and not indented and (own_date or not _is_text(line)))
    return heads


def _is_indented(line: Line, edge: float) -> bool:
    return line.box is not None and line.box[0] > edge + 6 and not line.bold and line.column < edge + 6


def _edge(lines: list[Line]) -> float:
    """Where lines that name entries begin, if they are not written beside a margin of dates; else infinity."""
    edges = [line.box[0] for line in lines if line.box and any(span.start for span in find_spans(line.text))]
    margin = any(
        looks_like_date(line.cells[0]) and not all(map(_is_time, line.cells[1:])) for line in lines if line.cells
    )
    return median_low(edges) if len(edges) > 1 and not margin else float("inf")


def _is_time(cell: str) -> bool:
    return looks_like_date(cell) or bool(NOISE.match(cell))


def _is_text(line: Line) -> bool:
    words = without_dates(line.text).split()
    if WORKED_AS.match(line.text) and any(span.start for span in find_spans(line.text)):
        return False
    return len(words) > SENTENCE or (
        len(words) > 3
        and line.text.rstrip().endswith(".")
        and not find_spans(line.text)
        and not ends_as_company(line.text)
    )


def _continues(last: Line, line: Line) -> bool:
    if line.text[:1].islower():
        return True
    if line.box is None or last.box is None or line.page != last.page or line.bold != last.bold:
        return False
    if abs(line.size - last.size) > 0.6 or line.block != last.block:
        return False
    same_edge = abs(line.box[0] - last.box[0]) < 3
    return (line.box[0] > last.box[0] + 3 and is_bullet(last)) or (
        same_edge and not is_bullet(last) and not find_spans(line.text)
    )


def _count_before(anchor: int, heads: list[bool], floor: int) -> int:
    count = 0
    while count < MAX_BEFORE and anchor - count - 1 >= floor and heads[anchor - count - 1]:
        count += 1
    return count


def _entry(lines: list[Line], heads: list[bool], anchor: int, singles: bool) -> Entry:
    end = anchor + 1
    while end < len(lines) and heads[end] and end - anchor <= MAX_AFTER:
        end += 1
    return Entry(anchor_of(lines[anchor], singles), lines[:end], lines[end:])


def _undated(lines: list[Line], heads: list[bool]) -> list[Entry]:
    """Without any date: each group of short lines names an entry, what follows tells about it."""
    entries: list[Entry] = []
    for index, line in enumerate(lines):
        if heads[index] and (index == 0 or not heads[index - 1]):
            entries.append(Entry(None, [line]))
        elif entries:
            (entries[-1].header if heads[index] else entries[-1].body).append(line)
    return entries


def highlights(entry: Entry) -> list[str]:
    """The bullets and sentences below an entry, wrapped lines joined."""
    texts: list[str] = []
    for line in entry.body:
        text = without_bullet(line.text)
        if texts and not is_bullet(line) and (line.text[:1].islower() or not texts[-1].endswith((".", ":", ";"))):
            texts[-1] = f"{texts[-1]} {text}"
        else:
            texts.append(text)
    return [text for text in texts if text.strip()]
