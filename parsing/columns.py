"""Regions of a page in reading order: a recursive cut along gutters of white space.

A gutter is a vertical strip that no run crosses over several rows. It parts text columns only if text flows on both
sides; where the items of one side pair up with rows of the other it is a column of dates, labels or table cells, and
the rows stay whole.
"""

from __future__ import annotations

from collections import defaultdict
from itertools import pairwise
from typing import NamedTuple

from parsing.dates import find_spans, looks_like_date
from parsing.headings import section_of
from parsing.page import Run

MIN_GUTTER = 5.0  # points
MIN_ROWS = 2  # rows on each side of a gutter between text columns
MIN_BOTH = 7  # rows on both sides together
MIN_HEIGHT = 24.0  # points
MAX_DEPTH = 8
MAX_RUNS = 3_000  # on a page; more is no CV, and looking for columns among them would take long


class Gutter(NamedTuple):
    """A strip of white space that ends at `x`, from `top` to `bottom`, with the runs on both sides of it."""

    x: float
    top: float
    bottom: float
    left: list[Run]
    right: list[Run]


def regions_of(runs: list[Run], depth: int = 0) -> list[list[Run]]:
    """The runs of each text column or full-width part, in reading order."""
    if len(runs) > MAX_RUNS:
        return [runs]
    gutter = _best_gutter(runs) if len(runs) >= MIN_BOTH and depth < MAX_DEPTH else None
    if gutter is None:
        return [merge_wrapped_labels(runs)] if runs else []
    inside = {id(run) for run in (*gutter.left, *gutter.right)}
    above = [run for run in runs if id(run) not in inside and _middle(run) < gutter.top]
    below = [run for run in runs if id(run) not in inside and _middle(run) >= gutter.top]
    parts = [above, gutter.left, gutter.right, below]
    return [region for part in parts for region in regions_of(part, depth + 1)]


def same_row(one: Run, other: Run, slack: float = 0.3) -> bool:
    """Whether two runs stand on one baseline, whatever their sizes."""
    base_one = one.bottom - 0.2 * (one.bottom - one.top)
    base_other = other.bottom - 0.2 * (other.bottom - other.top)
    return abs(base_one - base_other) < slack * min(one.size, other.size)


def _middle(run: Run) -> float:
    return (run.top + run.bottom) / 2


def _best_gutter(runs: list[Run]) -> Gutter | None:
    found = [g for g in _gutters(runs) if _parts_columns(g)]
    return max(found, key=lambda g: min(_letters(g.left), _letters(g.right)) * (g.bottom - g.top), default=None)


def _letters(runs: list[Run]) -> int:
    return sum(len(run.text) for run in runs)


def _gutters(runs: list[Run]) -> list[Gutter]:
    """Strips in front of an edge where several runs begin, between the runs that cross them."""
    edges: dict[int, list[Run]] = defaultdict(list)
    for run in runs:
        edges[round(run.x0 / 3)].append(run)
    leftmost, gutters = min(run.x0 for run in runs), []
    for edge in sorted(edges):
        starts = edges[edge] + edges.get(edge + 1, [])
        x = min(run.x0 for run in starts)
        if len(starts) >= MIN_ROWS and x > leftmost + 40:
            for strip in _strips(runs, x, []):
                titles = _one_sided_titles(strip)
                gutters += _strips([*strip.left, *strip.right], x, titles) if titles else [strip]
    return gutters


def _one_sided_titles(strip: Gutter) -> list[Run]:
    """Section titles of a strip where only one side has any: they stand over both sides and so end the strip."""
    left, right = ([run for run in side if section_of(run.text)] for side in (strip.left, strip.right))
    if bool(left) == bool(right) or _are_side_headings(strip.left, strip.right):
        return []
    return left or right


def _strips(runs: list[Run], x: float, titles: list[Run]) -> list[Gutter]:
    crossing_runs = [run for run in runs if run.x0 < x - 0.5 and run.x1 > x - MIN_GUTTER]
    blockers = sorted([*crossing_runs, *titles], key=_middle)
    bounds = [-1e6, *(_middle(run) for run in blockers), 1e6]
    crossing = {id(run) for run in blockers}
    strips = []
    free = [run for run in runs if id(run) not in crossing]
    for top, bottom in pairwise(bounds):
        if bottom - top < MIN_HEIGHT:
            continue
        inside = [run for run in free if top < _middle(run) < bottom]
        left = [run for run in inside if run.x1 <= x]
        right = [run for run in inside if run.x0 >= x - 0.5]
        if len(left) >= MIN_ROWS and len(right) >= MIN_ROWS:
            strips.append(Gutter(x, *_span(inside), left, right))
    return strips


def _span(runs: list[Run]) -> tuple[float, float]:
    return min(run.top for run in runs), max(run.bottom for run in runs)


def _parts_columns(gutter: Gutter) -> bool:
    left, right = _facing_rows(gutter)
    if min(len(left), len(right)) < MIN_ROWS or len(left) + len(right) < MIN_BOTH:
        return False
    if _are_side_headings(left, right) or _are_side_headings(right, left):
        return False
    if (_headings(left) and _headings(right)) or (_flows(gutter.left) and _flows(gutter.right)):
        return True
    fewer, more = (left, right) if len(left) < len(right) else (right, left)
    paired = sum(any(same_row(run, other, 0.18) for other in more) for run in fewer) / len(fewer)
    dates = max(sum(looks_like_date(run.text) for run in side) / len(side) for side in (left, right))
    return dates < 0.4 and paired < 0.7


def _facing_rows(gutter: Gutter) -> tuple[list[Run], list[Run]]:
    """The rows of both sides, as far as they stand beside each other."""
    left, right = _row_heads(gutter.left), _row_heads(gutter.right)
    top = max(left[0].top, right[0].top)
    bottom = min(left[-1].bottom, right[-1].bottom)
    return [r for r in left if top < _middle(r) < bottom], [r for r in right if top < _middle(r) < bottom]


def _are_side_headings(margin: list[Run], rows: list[Run]) -> bool:
    """Section titles in a margin: each begins beside a row of the text, and little else stands there."""
    titles = [run for run in margin if section_of(run.text)]
    paired = sum(any(same_row(run, other) for other in rows) for run in titles)
    return len(margin) < 0.5 * len(rows) and len(titles) >= 0.4 * len(margin) and paired >= 0.7 * len(titles)


def _flows(side: list[Run]) -> bool:
    """Whether a side holds running text, which table cells, labels and dates are not."""
    rows = len(_row_heads(side))
    return rows >= 5 and _letters(side) / rows >= 24 and sum(len(run.text) > 24 for run in side) >= 4


def _headings(rows: list[Run]) -> int:
    return sum(1 for run in rows if section_of(run.text))


def _row_heads(runs: list[Run]) -> list[Run]:
    """The first run of every row."""
    heads: list[Run] = []
    for run in sorted(runs, key=lambda r: (r.bottom - 0.2 * (r.bottom - r.top), r.x0)):
        if not heads or not same_row(heads[-1], run):
            heads.append(run)
    return heads


def merge_wrapped_labels(runs: list[Run]) -> list[Run]:
    """Put a date, label or table cell that is wrapped over several rows together, so that its row can stay whole."""
    columns: dict[int, list[Run]] = defaultdict(list)
    for run in sorted(runs, key=lambda r: r.top):
        columns[round(run.x0 / 2)].append(run)
    if len(columns) < 2:
        return runs
    return [run for column in columns.values() for run in _merge_column(column, runs)]


def _merge_column(column: list[Run], runs: list[Run]) -> list[Run]:
    kept: list[Run] = []
    last: Run | None = None
    for run in column:
        if last is not None and _continues_cell(last, run, runs):
            kept[-1] = kept[-1]._replace(text=f"{kept[-1].text} {run.text}", x1=max(kept[-1].x1, run.x1))
            last = run._replace(text=kept[-1].text)
            continue
        kept.append(run)
        last = run
    return kept


def _continues_cell(last: Run, run: Run, runs: list[Run]) -> bool:
    """Whether `run` is the rest of the cell `last`: close below it, with a neighbour that it does not reach."""
    if not 0 < run.bottom - last.bottom < 1.7 * run.size or abs(run.size - last.size) > 0.1 * run.size:
        return False
    row = [o for o in runs if o.x0 != last.x0 and same_row(last, o) and not section_of(o.text)]
    right = [other.x0 for other in row if other.x0 > last.x0 + 20]
    if not right or max(last.x1, run.x1) > min(right):
        return False
    if len(row) >= 2:
        return len(row) > sum(1 for other in runs if other is not run and same_row(run, other))
    joined = f"{last.text} {run.text}"
    return bool(section_of(joined)) or (
        _whole_range(joined) and (not _whole_range(last.text) or last.text.rstrip().endswith(("-", "–", "—")))
    )


def _whole_range(text: str) -> bool:
    return looks_like_date(text) and any(span.start for span in find_spans(text))
