"""Glyphs to lines in reading order."""

from __future__ import annotations

from parsing.glyphs import LINE_END_HYPHEN
from parsing.page import Glyph, Line, Page, Run, TextLayer
from parsing.reading import Unreadable

WIDE_GAP = 1.1  # in glyph sizes: more than this between two words begins a new run
WORD_GAP = 0.17


def read_pdf(data: bytes) -> TextLayer:
    from parsing import pdf

    pages, info = pdf.read_pages(data)
    layer = TextLayer("pdfium", [], pages, title=info["title"], written=info["written"])
    for page in pages:
        layer.lines += lines_of(page)
        layer.links += page.links
    if not layer.lines:
        raise Unreadable("no_text")
    return layer


def runs_of(page: Page) -> list[Run]:
    """Join glyphs that follow each other on one baseline."""
    runs: list[Run] = []
    current: list[Glyph] = []
    for glyph in page.glyphs:
        if current and not _goes_on(current[-1], glyph):
            runs.append(_run(current))
            current = []
        current.append(glyph)
    if current:
        runs.append(_run(current))
    return runs


def _goes_on(last: Glyph, glyph: Glyph) -> bool:
    size = max(last.size, glyph.size)
    if abs(last.bottom - glyph.bottom) > 0.35 * size:
        return False
    return -0.6 * size < glyph.x0 - last.x1 < WIDE_GAP * size


def _run(glyphs: list[Glyph]) -> Run:
    parts, last = [], None
    for glyph in glyphs:
        if last is not None and (glyph.gap or glyph.x0 - last.x1 > WORD_GAP * glyph.size):
            parts.append(" ")
        parts.append(glyph.char)
        last = glyph
    bold = sum(glyph.bold for glyph in glyphs) * 2 > len(glyphs)
    return Run(
        "".join(parts),
        min(g.x0 for g in glyphs),
        min(g.top for g in glyphs),
        max(g.x1 for g in glyphs),
        max(g.bottom for g in glyphs),
        max(g.size for g in glyphs),
        bold,
    )


def lines_of(page: Page) -> list[Line]:
    rows: list[list[Run]] = []
    for run in sorted(runs_of(page), key=lambda r: r.bottom):
        if rows and abs(rows[-1][-1].bottom - run.bottom) < 0.35 * run.size:
            rows[-1].append(run)
        else:
            rows.append([run])
    return [line_of(page.number, row) for row in rows]


def line_of(page: int, row: list[Run]) -> Line:
    row = sorted(row, key=lambda r: r.x0)
    cells = tuple(run.text.rstrip(LINE_END_HYPHEN) for run in row)
    box = (min(r.x0 for r in row), min(r.top for r in row), max(r.x1 for r in row), max(r.bottom for r in row))
    return Line(" ".join(cells), page, box, max(r.size for r in row), all(r.bold for r in row), cells)
