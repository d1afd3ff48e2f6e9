"""Reading CVs, in one run: `.venv/bin/python -m benchmarks.parsing [--labelled DIR] [--seeds 1,2,3]`.

Accuracy per field on labelled PDFs (a folder with `labels.jsonl`, kept outside of the project) and on made-up CVs of
three seeds in every layout; CVs per second on one core beside the bare text extraction of both engines, in alternating
rounds; peak memory. Nothing in the reader is fitted to a file, so no split is needed; the macro score of every source
alone is printed too, for the worst says more than the mean.
"""

from __future__ import annotations

import argparse
import io
import json
import logging
import random
import resource
import statistics
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path
from typing import Any

from benchmarks.cv_scores import FIELDS, GOALS, Score
from parsing import Unreadable, ocr, read_cv, resume
from parsing.tests.cv_maker import LAYOUTS, Person, make_pdf, make_scan, random_person

PER_LAYOUT = 8
ROUNDS = 3
Record = dict[str, Any]


def truth_of(person: Person) -> Record:
    """The label of a made-up person."""
    from parsing.dates import find_spans

    work = []
    for job in person.work:
        span = find_spans(f"{job.start} – {job.end}")[0]
        work.append(
            {"name": job.company, "position": job.title, "startDate": span.start, "endDate": span.end or "present"}
        )
    return {
        "basics": {
            "name": person.name,
            "email": person.email,
            "phone": person.phone,
            "profiles": [{"url": person.link}],
        },
        "work": work,
        "education": [
            {"institution": person.school, "studyType": [person.degree, f"{person.degree} in {person.area}"]}
        ],
        "skills": [{"name": name} for name in person.skills],
        "languages": [{"language": name} for name in person.languages],
        "labelled": [field for field in FIELDS if field != "certificates.name"],
    }


def read(path: Path, scan: bool = False) -> Record:
    try:
        return read_cv(path, ocr=scan).fields
    except Unreadable:
        return {}


def labelled_set(folder: Path) -> None:
    """Table of the fields on real CVs, and the macro score of every source."""
    whole, sources = Score(), defaultdict(Score)
    for line in (folder / "labels.jsonl").read_text(encoding="utf-8").splitlines():
        label = json.loads(line)
        fields = read(folder / label["id"])
        whole.add(label, fields)
        sources[label.get("source", "")].add(label, fields)
    print(f"\n## Labelled CVs: macro F1 {whole.macro():.3f} (goal 0.850)\n")
    print("| field | F1 | goal | distance |\n| --- | ---: | ---: | ---: |")
    for field in FIELDS:
        if sum(whole.counts[field]):
            f1, goal = whole.f1(field), GOALS[field]
            print(f"| {field} | {f1:.3f} | {goal:.2f} | {min(0.0, f1 - goal):+.3f} |")
    print("\n| source | macro F1 |\n| --- | ---: |")
    for name, score in sorted(sources.items(), key=lambda pair: pair[1].macro()):
        print(f"| {name} | {score.macro():.3f} |")


def generated_set(folder: Path, seeds: list[int]) -> list[Path]:
    """Table of layouts by seeds; the PDFs with text, for the speed test."""
    makers = dict(LAYOUTS) | ({"scan": make_scan} if ocr.available() else {})
    print("\n## Made-up CVs: macro F1 (goal 0.930, no layout below 0.850)\n")
    print("| layout | " + " | ".join(f"seed {seed}" for seed in seeds) + " |")
    print("| --- |" + " ---: |" * len(seeds))
    texts, totals = [], [Score() for _ in seeds]
    for layout, make in makers.items():
        cells = []
        for seed, total in zip(seeds, totals, strict=True):
            rng, score = random.Random(f"{seed}/{layout}"), Score()
            for number in range(PER_LAYOUT if layout != "scan" else 3):
                person, path = random_person(rng), folder / f"{layout}-{seed}-{number}"
                path.write_bytes(make(person))
                fields, label = read(path, layout == "scan"), truth_of(person)
                score.add(label, fields)
                total.add(label, fields)
                texts += [path] if make is make_pdf or "column" in layout else []
            cells.append(f"{score.macro():.3f}")
        print(f"| {layout} | " + " | ".join(cells) + " |")
    print("| **all** | " + " | ".join(f"**{total.macro():.3f}**" for total in totals) + " |")
    return texts


def speed(files: list[Path]) -> None:
    """CVs per second of processor time, medians of alternating rounds."""
    import pypdfium2
    from pdfminer.high_level import extract_text

    def pdfium(path: Path) -> None:
        document = pypdfium2.PdfDocument(path.read_bytes())
        for page in document:
            page.get_textpage().get_text_range()
        document.close()

    ways: dict[str, Callable[[Path], Any]] = {
        "ours: bytes to fields": read,
        "pdfium: bare text": pdfium,
        "pdfminer.six: bare text": lambda path: extract_text(io.BytesIO(path.read_bytes())),
    }
    rates: dict[str, list[float]] = defaultdict(list)
    for _ in range(ROUNDS):
        for name, way in ways.items():
            start = time.process_time()
            for path in files:
                way(path)
            rates[name].append(len(files) / (time.process_time() - start))
    ours = statistics.median(rates["ours: bytes to fields"])
    print(f"\n## Speed on one core, {len(files)} PDFs, medians of {ROUNDS} alternating rounds\n")
    print("| way | CVs/s | ours is |\n| --- | ---: | ---: |")
    for name, measured in rates.items():
        rate = statistics.median(measured)
        print(f"| {name} | {rate:.1f} | {ours / rate:.2f} times |")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--labelled", type=Path, help="folder of PDFs with labels.jsonl")
    parser.add_argument("--seeds", default="1,2,3")
    args = parser.parse_args()
    logging.disable(logging.CRITICAL)  # the engines report every flaw of a font
    resume.preload()
    if args.labelled:
        labelled_set(args.labelled)
    with tempfile.TemporaryDirectory() as folder:
        made = generated_set(Path(folder), [int(seed) for seed in args.seeds.split(",")])
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        speed(sorted(args.labelled.glob("*.pdf")) if args.labelled else made)
        print(f"\nPeak memory of the reader: {peak:.0f} MB")


if __name__ == "__main__":
    main()
