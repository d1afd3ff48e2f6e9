"""Glyphs and links of a PDF by pdfminer.six, the second engine and, in the tests, the oracle of the first."""

from __future__ import annotations

import re
from collections.abc import Iterator
from io import BytesIO
from typing import Any

from parsing.glyphs import expand
from parsing.page import Glyph, Link, Page
from parsing.reading import Unreadable

MAX_PAGES = 100
UNMAPPED = re.compile(r"\(cid:\d+\)")


def read_pages(data: bytes) -> list[Page]:
    """The pages, at most MAX_PAGES. Raises Unreadable (encrypted, damaged)."""
    from pdfminer.high_level import extract_pages
    from pdfminer.pdfdocument import PDFEncryptionError, PDFPasswordIncorrect
    from pdfminer.pdfexceptions import PDFException
    from pdfminer.psparser import PSException

    try:
        return [
            _page(number, layout)
            for number, layout in enumerate(extract_pages(BytesIO(data), maxpages=MAX_PAGES, laparams=None), 1)
        ]
    except (PDFPasswordIncorrect, PDFEncryptionError):
        raise Unreadable("encrypted") from None
    except (
        PDFException,
        PSException,
        ValueError,
        TypeError,
        KeyError,
        IndexError,
        AttributeError,
        AssertionError,
        RecursionError,
        OSError,
        ZeroDivisionError,
        NotImplementedError,
    ):  # what it is known to raise on bad files
        raise Unreadable("damaged") from None


def _page(number: int, layout: Any) -> Page:
    page = Page(number, layout.width, layout.height)
    gap = False
    for char in _chars(layout):
        text = char.get_text()
        if not text.strip() or UNMAPPED.fullmatch(text):
            gap, page.unmapped = True, page.unmapped + bool(text.strip())
            continue
        expanded = "".join(expand(ord(c)) for c in text)
        if not expanded:
            gap, page.unmapped = True, page.unmapped + 1
            continue
        bold = "bold" in char.fontname.lower()
        page.glyphs.append(
            Glyph(expanded, char.x0, page.height - char.y1, char.x1, page.height - char.y0, char.size / 1.2, bold, gap)
        )
        gap = False
    return page


def _chars(item: Any) -> Iterator[Any]:
    from pdfminer.layout import LTChar, LTContainer

    for child in item:
        if isinstance(child, LTChar):
            yield child
        elif isinstance(child, LTContainer):
            yield from _chars(child)


def read_links(data: bytes) -> list[Link]:
    """The targets of link annotations."""
    from pdfminer.pdfpage import PDFPage
    from pdfminer.pdftypes import resolve1

    links = []
    for number, page in enumerate(PDFPage.get_pages(BytesIO(data), maxpages=MAX_PAGES), 1):
        for annotation in resolve1(page.annots) or []:
            values = resolve1(annotation) or {}
            uri = resolve1((resolve1(values.get("A")) or {}).get("URI"))
            if isinstance(uri, bytes):
                links.append(Link(uri.decode("utf-8", "replace"), None, number))
    return links
