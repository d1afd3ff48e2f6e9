"""Regions of a page in reading order: a recursive cut along gutters of white space.

A gutter is a vertical strip that no run crosses over several rows. It parts text columns only if text flows on both
sides; where the items of one side pair up with rows of the other it is a column of dates, labels or table cells, and
the rows stay whole.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from itertools import pairwise
from typing import NamedTuple

from parsing.dates import DANGLING, find_spans, looks_like_date
from parsing.glyphs import join_words
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
    gutters = []
    for x in _edges(runs):
        for strip in _strips(runs, x, []):
            titles = _one_sided_titles(strip)
            gutters += _strips([*strip.left, *strip.right], x, titles) if titles else [strip]
    return gutters


def _edges(runs: list[Run]) -> list[float]:
    """Where a column may begin: the left edges that several runs share, and the leftmost of runs that end alike."""
    leftmost = min(run.x0 for run in runs) + 40
    inner = [run for run in runs if run.x0 > leftmost]
    edges: set[float] = set()
    for side in (lambda run: run.x0, lambda run: run.x1):
        near: dict[int, list[Run]] = defaultdict(list)
        for run in inner:
            near[round(side(run) / 3)].append(run)
        for at in near:
            alike = near[at] + near.get(at + 1, [])
            if len(alike) >= MIN_ROWS:
                edges.add(min(run.x0 for run in alike))
    return sorted(edges)


def _one_sided_titles(strip: Gutter) -> list[Run]:
    """Section titles of a strip where only one side has any: they stand over both sides and so end the strip."""
    left, right = _titles(strip.left, strip.right)
    if bool(left) == bool(right) or _are_side_headings(strip.left, strip.right):
        return []
    return left or right


def _titles(left: list[Run], right: list[Run]) -> tuple[list[Run], list[Run]]:
    """Section titles on either side; the word "E-mail" in small letters is none where true titles are large."""
    found = [[run for run in side if section_of(run.text)] for side in (left, right)]
    largest = max((run.size for side in found for run in side), default=0.0)
    one, other = ([run for run in side if run.size > 0.85 * largest] for side in found)
    return one, other


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
    if _cuts_off_dates(gutter):
        return False
    if all(_titles(left, right)) or (_flows(gutter.left) and _flows(gutter.right)):
        return True
    fewer, more = (left, right) if len(left) < len(right) else (right, left)
    paired = sum(any(same_row(run, other, 0.18) for other in more) for run in fewer) / len(fewer)
    return paired < 0.7 and not any(map(_holds_dates, (left, right)))


def _holds_dates(side: list[Run]) -> bool:
    """Whether a side is a margin of dates, some of them perhaps wrapped over several rows."""
    dates = sum(looks_like_date(run.text) for run in side)
    parts = sum(_is_part_of_date(run.text) for run in side)
    return dates >= 0.4 * len(side) or parts >= 0.8 * len(side)


def _cuts_off_dates(gutter: Gutter) -> bool:
    """Whether between the gutter and the text behind it stand the dates of the rows in front of it."""
    text = min((run.x0 for run in gutter.right if not looks_like_date(run.text)), default=0.0)
    dates = [run for run in gutter.right if run.x1 <= text]
    paired = sum(any(same_row(run, other) for other in gutter.left) for run in dates)
    return len(dates) >= MIN_ROWS and paired >= 0.7 * len(dates)


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
    merged = [run for column in columns.values() for run in _merge_column(column, runs, _continues_cell)]
    dates = [run for run in merged if _is_part_of_date(run.text)]
    if len(dates) < 2:
        return merged
    rest = [run for run in merged if not _is_part_of_date(run.text)]
    return rest + _merge_column(sorted(dates, key=lambda r: r.top), rest, _continues_date)


def _merge_column(column: list[Run], runs: list[Run], continues: Callable[[Run, Run, list[Run]], bool]) -> list[Run]:
    kept: list[Run] = []
    last: Run | None = None
    for run in column:
        if last is not None and _is_close_below(last, run) and continues(last, run, runs):
            kept[-1] = kept[-1]._replace(text=join_words(kept[-1].text, run.text), x1=max(kept[-1].x1, run.x1))
            last = run._replace(text=kept[-1].text)
            continue
        kept.append(run)
        last = run
    return kept


def _is_close_below(last: Run, run: Run) -> bool:
    return 0 < run.bottom - last.bottom < 1.7 * run.size and abs(run.size - last.size) <= 0.1 * run.size


def _continues_cell(last: Run, run: Run, runs: list[Run]) -> bool:
    """Whether `run` is the rest of the cell `last`, which has a neighbour to the right that neither reaches."""
    row = [o for o in runs if o.x0 != last.x0 and same_row(last, o) and not section_of(o.text)]
    right = [other.x0 for other in row if other.x0 > last.x0 + 20]
    if not right or max(last.x1, run.x1) > min(right):
        return False
    if len(row) >= 2:
        return len(row) > sum(1 for other in runs if other is not run and same_row(run, other))
    return bool(section_of(join_words(last.text, run.text))) or _completes_range(last.text, run.text)


def _continues_date(last: Run, run: Run, runs: list[Run]) -> bool:
    """Whether `run` completes a range of dates that begins above it in a margin, beside other text."""
    if last.x1 < run.x0 or run.x1 < last.x0 or not _completes_range(last.text, run.text):
        return False
    return any(other.x1 < last.x0 and other.top < last.bottom and other.bottom > last.top for other in runs)


def _is_part_of_date(text: str) -> bool:
    """Whether a text may be the rest of a date: "— Present", "4 years"."""
    return len(text) < 40 and looks_like_date(f"2000 {text}")


def _completes_range(first: str, rest: str) -> bool:
    joined = join_words(first, rest)
    return _whole_range(joined) and (not _whole_range(first) or bool(DANGLING.search(first)))


def _whole_range(text: str) -> bool:
    return looks_like_date(text) and any(span.start for span in find_spans(text))
