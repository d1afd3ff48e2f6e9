"""Draws what the reader sees on a page: `.venv/bin/python -m parsing.tests.draw_boxes docs/reading.png`.

Blue: text columns, numbered in reading order. Green: blocks. Red: values, with the field they were read for.
"""

from __future__ import annotations

import sys
from collections import defaultdict

import pypdfium2
from PIL import ImageDraw, ImageFont

from parsing.columns import regions_of
from parsing.layout import runs_of
from parsing.page import Line
from parsing.pdf import read_pages
from parsing.resume import read_fields
from parsing.tests.cv_maker import Person, make_two_columns
from parsing.text import read_bytes

SCALE = 1.6
BOTTOM = 320.0  # points; the rest of the page is empty
Box = tuple[float, float, float, float]


def around(boxes: list[Box], margin: float) -> Box:
    """The smallest box around others, with a margin in points."""
    left, top = min(b[0] for b in boxes) - margin, min(b[1] for b in boxes) - margin
    return (left, top, max(b[2] for b in boxes) + margin, max(b[3] for b in boxes) + margin)


def blocks(lines: list[Line]) -> list[Box]:
    found: dict[int, list[Box]] = defaultdict(list)
    for line in lines:
        if line.box:
            found[line.block].append(line.box)
    return [around(boxes, 2) for boxes in found.values()]


def draw(data: bytes, path: str) -> None:
    page = read_pages(data)[0][0]
    layer = read_bytes(data)
    picture = pypdfium2.PdfDocument(data)[0].render(scale=SCALE).to_pil().convert("RGB")
    pencil, font = ImageDraw.Draw(picture), ImageFont.load_default(11)

    def frame(box: Box, colour: str, width: int, label: str = "") -> None:
        pencil.rectangle([edge * SCALE for edge in box], outline=colour, width=width)
        pencil.text((box[2] * SCALE + 2, box[1] * SCALE - 2), label, fill=colour, font=font)

    for number, region in enumerate(regions_of(runs_of(page)), 1):
        frame(around([run[1:5] for run in region], 6), "#1f4fd8", 2, str(number))
    for box in blocks(layer.lines):
        frame(box, "#3a9d4f", 1)
    for note in read_fields(layer).fields["meta"]["explain"]:
        if "box" in note and note["field"].startswith(("basics.name", "basics.email", "work", "education")):
            frame(tuple(note["box"]), "#c8352b", 1, note["field"].replace("basics.", ""))
    picture.crop((0, 0, picture.width, int(BOTTOM * SCALE))).quantize(32).save(path, optimize=True)


if __name__ == "__main__":
    draw(make_two_columns(Person(), by_rows=True), sys.argv[1])
