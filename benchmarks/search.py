"""Search and lists as the number of candidates grows, on both databases: `.venv/bin/python -m benchmarks.search`.

Made-up candidates, each with a CV of about eighty words. Beside our search stands what needs no index of its own:
ILIKE over the same texts. Times are medians in milliseconds of the newest twenty, in one run on one machine.
"""

from __future__ import annotations

import argparse
import itertools
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable

SIZES = [10_000, 100_000, 1_000_000]
QUERIES = {
    "a rare name": "zuzabelle",
    "a name with a slip": "zuzabele",
    "an e-mail": "person77@example.com",
    "two skills": "python kubernetes",
    "a phrase": '"payment services"',
    "a prefix": "kube*",
    "one word but another": "python -java",
    "a word of everybody's": "engineer",
    "a word of nobody's": "unobtainium",
    "two common words that seldom meet": "welding nursing",
    "a word of the oldest CVs only": "cobol",
}
ROUNDS, SLOW_ROUNDS = 7, 3


def measure(sizes: list[int]) -> None:
    """In a process of its own, whose environment names the database."""
    import django

    django.setup()
    from django.core.management import call_command
    from django.db import connection

    from benchmarks.crowd import fill

    call_command("migrate", verbosity=0)
    columns: list[dict[str, float]] = []
    for size in sizes:
        fill(size)
        columns.append(timings())
    width = max(map(len, columns[0]))
    print(f"\n{connection.vendor}: milliseconds (median)")
    print(f"{'':{width}}" + "".join(f"{size:>12,}" for size in sizes) + f"{'growth':>9}")
    for name in columns[0]:
        values = [column[name] for column in columns]
        shown = "".join(f"{value:12.2f}" for value in values)
        print(f"{name:{width}}{shown}{values[-1] / max(values[0], 0.01):9.1f}")


def timings() -> dict[str, float]:
    from candidates.models import Candidate
    from candidates.ranking import ranked
    from candidates.search import understood

    found = {}
    for name, text in QUERIES.items():
        found[f"{name}, search"] = median(
            lambda t=text: Candidate.objects.search(t).only("pk").first_rows(["-pk"], None, 20), ROUNDS
        )
    for name in ("two skills", "a word of everybody's"):
        found[f"{name}, best first"] = median(
            lambda n=name: ranked(Candidate.objects.search(QUERIES[n]), understood(QUERIES[n])), ROUNDS
        )
    for name in ("a rare name", "two skills", "a word of nobody's"):
        found[f"{name}, ILIKE"] = median(lambda n=name: page(by_ilike(QUERIES[n])), SLOW_ROUNDS)
    everybody = Candidate.objects.newest_first()
    deep = everybody[Candidate.objects.count() * 9 // 10]
    found["first page, keyset"] = median(lambda: page(Candidate.objects.all()), ROUNDS)
    older = Candidate.objects.filter(created_at__lte=deep.created_at).exclude(
        created_at=deep.created_at, pk__gt=deep.pk
    )
    found["a page deep down, keyset"] = median(lambda: page(older), ROUNDS)
    start = Candidate.objects.count() * 9 // 10
    found["a page deep down, offset"] = median(
        lambda: list(everybody.values_list("pk", flat=True)[start : start + 20]), ROUNDS
    )
    return found


def page(candidates: object) -> list[int]:
    return list(candidates.newest_first().values_list("pk", flat=True)[:20])  # type: ignore[attr-defined]


def by_ilike(text: str) -> object:
    from django.db.models import Q

    from candidates.models import Candidate

    found = Candidate.objects.all()
    for word in text.split():
        found = found.filter(Q(full_name__icontains=word) | Q(documents__text__icontains=word))
    return found


def median(do: Callable[[], object], rounds: int) -> float:
    times = []
    for _ in itertools.repeat(None, rounds):
        start = time.perf_counter()
        do()
        times.append((time.perf_counter() - start) * 1000)
    return statistics.median(times)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sizes", type=int, nargs="+", default=SIZES, help="a million takes some minutes to fill")
    parser.add_argument("--measure", action="store_true", help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.measure:
        measure(sorted(asked.sizes))
        return
    from ats.testing import environment

    sizes = [str(size) for size in asked.sizes]
    for full in (False, True):
        with environment(full=full) as surroundings:
            ours = {**surroundings, "DJANGO_SETTINGS_MODULE": "ats.settings", "DB_STATEMENT_TIMEOUT_MS": "600000"}
            command = [sys.executable, "-m", "benchmarks.search", "--measure", "--sizes", *sizes]
            subprocess.run(command, env={**os.environ, **ours}, check=True)


if __name__ == "__main__":
    main()
