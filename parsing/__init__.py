"""Reading CVs: bytes to text to fields. Pure: no Django, no network, no clock. Engines are loaded when first needed."""

from __future__ import annotations

from os import PathLike

from parsing.reading import PARSER_VERSION, Reading, Unreadable

__all__ = ["PARSER_VERSION", "Reading", "Unreadable", "read_cv"]


def read_cv(path: str | PathLike[str], file_name: str | None = None, *, ocr: bool = False, today: str = "") -> Reading:
    """Read one CV in this process. For files of strangers use `parsing.sandbox.read_safely`.

    `file_name` is the name the sender gave, which may tell the person's name. `ocr` lets scans be read by Tesseract.
    `today` ("YYYY-MM") is until when a current job counts in a file that does not say when it was written; without it
    such a file has no `total_years` of its jobs.
    Raises Unreadable, and OSError when the file itself cannot be opened.
    """
    from parsing.resume import read_fields
    from parsing.text import read_text

    return read_fields(read_text(path, file_name, ocr=ocr), file_name or "", today)
