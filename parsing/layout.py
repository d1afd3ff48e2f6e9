"""Glyphs to lines in reading order: runs, then columns by whitespace cuts, then rows and blocks."""

from __future__ import annotations

import unicodedata
from functools import cache
from itertools import pairwise
from statistics import median

from parsing.columns import regions_of, same_row
from parsing.glyphs import LINE_END_HYPHEN, join_words
from parsing.page import Glyph, Line, Page, Run

WIDE_GAP = 1.15  # in glyph sizes: a gap this wide begins a new run
WORD_GAP = 0.17  # in glyph sizes: a gap this wide is a space even when the file holds none
BLOCK_GAP = 0.75  # in line heights: white space this high begins a new block


def lines_of(page: Page, first_block: int = 0) -> list[Line]:
    """The page's lines in reading order, with blocks numbered from `first_block` on."""
    lines: list[Line] = []
    block = first_block
    for region in regions_of(runs_of(page)):
        previous: Line | None = None
        column = min(run.x0 for run in region)
        for row in rows_of(region):
            line = _line(page.number, row)
            if previous is None or _begins_block(previous, line):
                block += 1
            line.block, line.column = block, column
            lines.append(line)
            previous = line
    return join_divided(lines)


def _begins_block(previous: Line, line: Line) -> bool:
    if previous.box is None or line.box is None:
        return False
    height = line.box[3] - line.box[1]
    changed = abs(previous.size - line.size) > 0.15 * line.size or previous.bold != line.bold
    return changed or line.box[1] - previous.box[3] > BLOCK_GAP * height


def runs_of(page: Page) -> list[Run]:
    """Join glyphs that follow each other on one baseline."""
    runs: list[Run] = []
    current: list[Glyph] = []
    for glyph in page.glyphs:
        if current:
            if glyph.char == current[-1].char and _is_shadow(current[-1], glyph):
                continue
            if not _goes_on(current[-1], glyph):
                runs.append(_run(current))
                current = []
        current.append(glyph)
    if current:
        runs.append(_run(current))
    return _join_stacked([run for run in runs if run.text])


def _is_shadow(last: Glyph, glyph: Glyph) -> bool:
    """Whether a letter is drawn again, a little beside itself, to look bold or to cast a shadow."""
    right, down = abs(glyph.x0 - last.x0), abs(glyph.bottom - last.bottom)
    return right + down > 0 and right < 0.15 * last.size and down < 0.4 * last.size


def _join_stacked(runs: list[Run]) -> list[Run]:
    """Letters written one below the other are one run, standing where the first letter stands."""
    joined: list[Run] = []
    bottom, stack = 0.0, False
    for run in runs:
        last = joined[-1] if joined else None
        stack = (
            last is not None and (stack or _is_letter(last)) and _is_letter(run) and _stands_below(last, bottom, run)
        )
        if last is not None and stack:
            joined[-1] = last._replace(text=last.text + run.text)
        else:
            joined.append(run)
        bottom = run.bottom
    return joined


def _is_letter(run: Run) -> bool:
    return len(run.text) == 1 and run.text.isalpha()


def _stands_below(stack: Run, bottom: float, run: Run) -> bool:
    return abs(stack.x0 - run.x0) < 0.7 * run.size and 0 < run.bottom - bottom < 2 * run.size


def _goes_on(last: Glyph, glyph: Glyph) -> bool:
    size = last.size if last.size > glyph.size else glyph.size
    if abs(last.bottom - glyph.bottom) > 0.35 * size:
        return False
    if glyph.x0 == last.x0 and glyph.x1 == last.x1:
        return True  # the letters of one ligature share a box
    gap = glyph.x0 - last.x1
    if -0.6 * size < gap < WIDE_GAP * size:
        return True
    return is_rtl(glyph.char) and -0.6 * size < last.x0 - glyph.x1 < WIDE_GAP * size


@cache
def is_rtl(char: str) -> bool:
    return unicodedata.bidirectional(char[:1]) in ("R", "AL")


def _run(glyphs: list[Glyph]) -> Run:
    x0, top, x1, bottom, size = (glyphs[0].x0, glyphs[0].top, glyphs[0].x1, glyphs[0].bottom, glyphs[0].size)
    bold = 0
    for glyph in glyphs:
        x0, top = (glyph.x0 if glyph.x0 < x0 else x0), (glyph.top if glyph.top < top else top)
        x1, bottom = (glyph.x1 if glyph.x1 > x1 else x1), (glyph.bottom if glyph.bottom > bottom else bottom)
        size = glyph.size if glyph.size > size else size
        bold += glyph.bold
    return Run(_text(glyphs), x0, top, x1, bottom, size, bold * 2 > len(glyphs))


def _text(glyphs: list[Glyph]) -> str:
    """The words of a run. In a letter-spaced title the gaps between letters are as wide as spaces elsewhere."""
    glyphs = [glyph for glyph in glyphs[:-1] if glyph.char != LINE_END_HYPHEN] + glyphs[-1:]
    gaps = [0.0, *(_distance(last, glyph) for last, glyph in pairwise(glyphs))]
    if len(glyphs) > 3 and (spaced := _letter_spacing(glyphs, gaps)):
        return "".join(" " + g.char if gap > spaced else g.char for g, gap in zip(glyphs, gaps, strict=True)).strip()
    return "".join(
        " " + glyph.char if glyph.gap or gap > WORD_GAP * glyph.size else glyph.char
        for glyph, gap in zip(glyphs, gaps, strict=True)
    ).strip()


def _distance(last: Glyph, glyph: Glyph) -> float:
    return glyph.x0 - last.x1 if glyph.x0 >= last.x0 else last.x0 - glyph.x1


def _letter_spacing(glyphs: list[Glyph], gaps: list[float]) -> float:
    """The gap that divides words of a letter-spaced run, or 0 for an ordinary run."""
    apart = sum(1 for glyph, gap in zip(glyphs, gaps, strict=True) if glyph.gap or gap > WORD_GAP * glyph.size)
    if apart < 0.75 * (len(glyphs) - 1) or not all(
        len(g.char) == 1 and (g.char.isalpha() or g.char in "&.-/") for g in glyphs
    ):
        return 0.0
    usual = median(gaps[1:])
    return max(1.6 * usual, usual + 0.15 * glyphs[0].size)


def rows_of(runs: list[Run]) -> list[list[Run]]:
    """Runs on one baseline, from top to bottom; in a row from left to right, or from right to left in such scripts."""
    rows: list[list[Run]] = []
    for run in sorted(runs, key=lambda r: (r.bottom - 0.2 * (r.bottom - r.top), r.x0)):
        if rows and same_row(rows[-1][0], run):
            rows[-1].append(run)
        else:
            rows.append([run])
    return [_without_stretch(sorted(row, key=_rank(row))) for row in rows]


def _without_stretch(row: list[Run]) -> list[Run]:
    """Put a line together that justification has torn into words with even gaps."""
    gaps = [after.x0 - before.x1 for before, after in pairwise(row)]
    if len(row) < 3 or min(gaps) <= 0 or max(gaps) > 1.6 * min(gaps) or max(gaps) > 2.5 * row[0].size:
        return row
    if sum(" " not in run.text for run in row) < 0.7 * len(row):
        return row
    text = " ".join(run.text for run in row)
    return [row[0]._replace(text=text, x1=row[-1].x1, top=min(r.top for r in row), bottom=max(r.bottom for r in row))]


def _rank(row: list[Run]):  # type: ignore[no-untyped-def]
    rightwards = sum(is_rtl(run.text[:1]) for run in row) * 2 > len(row)
    return (lambda run: -run.x1) if rightwards else (lambda run: run.x0)


def _line(page: int, row: list[Run]) -> Line:
    box = (min(r.x0 for r in row), min(r.top for r in row), max(r.x1 for r in row), max(r.bottom for r in row))
    cells = tuple(run.text for run in row)
    letters = sum(len(cell) for cell in cells)
    bold = sum(len(run.text) for run in row if run.bold) * 2 > letters
    return Line(" ".join(cells), page, box, max(r.size for r in row), bold, cells)


def join_divided(lines: list[Line]) -> list[Line]:
    """Lines in which no word is divided: its rest moves up from the next line of the column."""
    joined: list[Line] = []
    for line in lines:
        last = joined[-1] if joined else None
        if last is not None and last.text.endswith(LINE_END_HYPHEN) and last.column == line.column:
            rest, _, kept = line.cells[0].partition(" ")
            _set_cells(last, (*last.cells[:-1], join_words(last.cells[-1], rest)))
            _set_cells(line, (kept, *line.cells[1:]) if kept else line.cells[1:])
        if line.cells:
            joined.append(line)
    for line in joined:
        if LINE_END_HYPHEN in line.text:
            _set_cells(line, tuple(cell.replace(LINE_END_HYPHEN, "-") for cell in line.cells))
    return joined


def _set_cells(line: Line, cells: tuple[str, ...]) -> None:
    line.cells, line.text = cells, " ".join(cells)
