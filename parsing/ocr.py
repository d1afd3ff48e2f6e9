"""Scans and pictures by Tesseract, when it is installed. Its words and boxes go the same way as the glyphs of a PDF."""

from __future__ import annotations

import csv
import os
import shutil
import subprocess
from collections import defaultdict
from functools import cache
from statistics import median

from parsing.layout import lines_of
from parsing.page import Glyph, Page, TextLayer
from parsing.reading import Unreadable

RESOLUTION = 200  # dots per inch: as good as 300 on clean scans and a third faster
MAX_PAGES = 10
MIN_CONFIDENCE = 25.0
MAX_PIXELS = 40_000_000
DESCENDERS = frozenset("gjpqyçQ,;()[]{}/|@_$&")
MIN_WIDTH = 250.0  # pixels between two words that tell how a line falls
MIN_LINES = 3
PREFERRED = ("eng", "deu", "fra", "spa")


def available() -> bool:
    """Asked each time: it may be installed while a worker runs."""
    return shutil.which("tesseract") is not None


def read_pdf_pages(data: bytes, layer: TextLayer) -> TextLayer:
    """Render and read the pages of a scan; links and warnings of the file are kept."""
    from parsing.pdf import open_pdf

    document = open_pdf(data)
    try:
        pages = [_read(_grey(document[index]), index + 1) for index in range(min(len(document), MAX_PAGES))]
    finally:
        document.close()
    return _layer(pages, layer)


def read_image(data: bytes) -> TextLayer:
    """A PNG, JPEG or TIFF. Raises Unreadable (no_text)."""
    if not available():
        raise Unreadable("no_text")
    return _layer([_read(data, 1)], TextLayer("tesseract", []))


def _layer(pages: list[Page], old: TextLayer) -> TextLayer:
    lines = [line for page in pages for line in lines_of(page)]
    if not lines:
        raise Unreadable("no_text", "The picture holds no text that can be read.")
    warnings = [*old.warnings, "The text was read from a picture; letters may be wrong."]
    return TextLayer("tesseract", lines, pages, old.links, warnings, old.title, old.written)


def _grey(page: object) -> bytes:
    """The page as a PGM picture, which needs no imaging library."""
    width, height = page.get_size()  # type: ignore[attr-defined]
    scale = min(RESOLUTION / 72, (MAX_PIXELS / max(1.0, width * height)) ** 0.5)
    bitmap = page.render(scale=scale, grayscale=True)  # type: ignore[attr-defined]
    rows = memoryview(bitmap.buffer).cast("B")
    packed = b"".join(rows[y * bitmap.stride : y * bitmap.stride + bitmap.width] for y in range(bitmap.height))
    return b"P5 %d %d 255\n" % (bitmap.width, bitmap.height) + packed


def _read(picture: bytes, number: int) -> Page:
    one_thread = {**os.environ, "OMP_THREAD_LIMIT": "1"}  # more threads are slower on pages of text
    command = ["tesseract", "stdin", "stdout", "--psm", "3", "--dpi", str(RESOLUTION), "-l", _languages(), "tsv"]
    try:
        done = subprocess.run(command, input=picture, capture_output=True, check=True, timeout=180, env=one_thread)
    except subprocess.CalledProcessError:
        raise Unreadable("damaged", "The picture cannot be opened.") from None
    except subprocess.TimeoutExpired:
        raise Unreadable("too_slow") from None
    return _page(done.stdout.decode("utf-8", "replace"), number)


@cache
def _languages() -> str:
    done = subprocess.run(["tesseract", "--list-langs"], capture_output=True, check=False, timeout=20)
    installed = done.stdout.decode("utf-8", "replace").split()
    return "+".join(lang for lang in PREFERRED if lang in installed) or "eng"


def _page(table: str, number: int) -> Page:
    """Words with boxes from Tesseract's table, turned upright, as glyphs that hold a whole word each."""
    words = [
        row
        for row in csv.DictReader(table.splitlines(), delimiter="\t", quoting=csv.QUOTE_NONE)
        if row["level"] == "5" and row["text"].strip() and float(row["conf"]) >= MIN_CONFIDENCE
    ]
    lines: dict[tuple[str, ...], list[dict[str, str]]] = defaultdict(list)
    for word in words:
        lines[word["block_num"], word["par_num"], word["line_num"]].append(word)
    slope, scale = _slope(list(lines.values())), 72 / RESOLUTION
    page = Page(number, 0.0, 0.0)
    for line in lines.values():
        em = median(float(word["height"]) / _height_in_ems(word["text"]) for word in line)
        solid = [word for word in line if any(c.isalnum() for c in word["text"])] or line
        bottom = min(_bottom(word) - slope * _left(word) for word in solid) + 0.2 * em  # below letters such as g
        for word in line:
            x0 = _left(word) * scale
            page.glyphs.append(
                Glyph(
                    word["text"].strip(),
                    x0,
                    (bottom - em) * scale,
                    x0 + float(word["width"]) * scale,
                    bottom * scale,
                    round(em * scale, 1),
                    False,
                    True,
                )
            )
    return page


def _height_in_ems(text: str) -> float:
    """How tall a word is in a usual typeface: small letters, plus what stands up, plus what hangs down."""
    up = any(c.isupper() or c.isdigit() or c in "bdfhklt|/()[]" for c in text)
    return 0.52 + 0.2 * up + 0.2 * bool(DESCENDERS & {*text})


def _left(word: dict[str, str]) -> float:
    return float(word["left"])


def _bottom(word: dict[str, str]) -> float:
    return float(word["top"]) + float(word["height"])


def _slope(lines: list[list[dict[str, str]]]) -> float:
    """How much the scan is turned: the usual fall of long lines, between words without letters that hang down."""
    falls = []
    for line in lines:
        level = [word for word in line if not DESCENDERS & {*word["text"]} and any(c.isalnum() for c in word["text"])]
        if len(level) >= 2 and (width := _left(level[-1]) - _left(level[0])) > MIN_WIDTH:
            falls.append((_bottom(level[-1]) - _bottom(level[0])) / width)
    return median(falls) if len(falls) >= MIN_LINES else 0.0
