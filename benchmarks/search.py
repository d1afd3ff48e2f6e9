"""Search, lists and pages of the desk as the number of candidates grows: `.venv/bin/python -m benchmarks.search`.

Made-up candidates, each with a CV of about eighty words, on PostgreSQL and on SQLite. What is asked, and what stands
beside it, is in `benchmarks/questions.py`. Milliseconds on one machine: medians of alternating rounds, after one that
is not counted. Up to a million it takes about twenty minutes on two cores, half of it to fill the tables.

`--fill-with` and `--measure-with` are commands put before the two kinds of work, such as `nice`, or a lock that keeps
other programs away from a measurement.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import shlex
import subprocess
import sys
from collections.abc import Iterator

from ats.processes import all_running
from ats.services.base import temporary_folder
from ats.services.postgresql import PostgreSQL
from ats.testing import settings_for
from benchmarks.house import make_database, table

SIZES = [10_000, 100_000, 1_000_000]
SETTINGS = {"DJANGO_SETTINGS_MODULE": "ats.settings", "DB_STATEMENT_TIMEOUT_MS": "600000"}
Measured = dict[str, dict[str, dict[str, float]]]  # section → row → column → milliseconds


@contextlib.contextmanager
def databases(vendor: str, sizes: list[int]) -> Iterator[list[dict[str, str]]]:
    """An environment for each size, whose database is that size's own."""
    with temporary_folder() as folder:
        services = [PostgreSQL(folder / "postgresql")] if vendor == "postgresql" else []
        with all_running(*services):
            shared = {**os.environ, **settings_for(folder, list(services)), **SETTINGS}
            each = [shared | {"ATS_DATA_DIR": str(folder / f"crowd_{size}")} for size in sizes]
            for environment, size in zip(each, sizes, strict=True):
                if services:
                    environment["DATABASE_URL"] = make_database(shared["DATABASE_URL"], f"crowd_{size}")
            yield each


def run(work: str, environment: dict[str, str], before: str, *arguments: str) -> str:
    command = [*shlex.split(before), sys.executable, "-m", "benchmarks.questions", work, *arguments]
    return subprocess.run(command, env=environment, check=True, stdout=subprocess.PIPE, text=True).stdout


def show(vendor: str, sizes: list[int], found: list[Measured]) -> None:
    """One table for each section; of what stands beside ours, the largest size at which it was measured."""
    for section, rows in found[-1].items():
        names = {name: None for column in found for row in column[section].values() for name in row if name != "ours"}
        ends = {name: max(n for n, column in enumerate(found) if _has(column[section], name)) for name in names}
        head = [
            *(f"ours, {size:,}" for size in sizes),
            "growth",
            *(f"{name}, {sizes[n]:,}" for name, n in ends.items()),
        ]
        shown = [("", *head)]
        for row in rows:
            ours = [column[section][row]["ours"] for column in found]
            others = [found[n][section][row].get(name) for name, n in ends.items()]
            growth = f"{ours[-1] / ours[0]:.1f}"
            shown.append((row, *map(_number, ours), growth, *map(_number, others)))
        table(f"{vendor}: {section} (ms)", shown)
        worst = max(row["ours"] for row in rows.values())
        for name, n in ends.items():
            their = max(row.get(name, 0) for row in found[n][section].values())
            print(f"our worst / worst of {name}: {worst / their:.3f}", flush=True)


def _has(rows: dict[str, dict[str, float]], name: str) -> bool:
    return any(name in row for row in rows.values())


def _number(milliseconds: float | None) -> str:
    return "" if milliseconds is None else f"{milliseconds:.2f}" if milliseconds < 100 else f"{milliseconds:.0f}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sizes", type=int, nargs="+", default=SIZES)
    parser.add_argument("--databases", nargs="+", default=["postgresql", "sqlite"], choices=["postgresql", "sqlite"])
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--fill-with", default="", metavar="COMMAND")
    parser.add_argument("--measure-with", default="", metavar="COMMAND")
    asked = parser.parse_args()
    sizes = sorted(asked.sizes)
    for vendor in asked.databases:
        with databases(vendor, sizes) as environments:
            found = []
            for size, environment in zip(sizes, environments, strict=True):
                run("fill", environment, asked.fill_with, str(size))
                found.append(json.loads(run("measure", environment, asked.measure_with, str(asked.rounds))))
        show(vendor, sizes, found)


if __name__ == "__main__":
    main()
