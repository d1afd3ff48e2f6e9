"""Rows as CSV or XLSX that are safe to open: whatever a stranger wrote into a cell, no spreadsheet calculates it.

Both take their rows in batches and hold one batch at a time.
"""

from __future__ import annotations

import codecs
import csv
import io
import re
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from typing import IO, Any

from xlsxwriter import Workbook

Cell = str | float | datetime | None
Row = Sequence[Cell]

# What begins a formula (owasp.org/www-community/attacks/CSV_Injection), also in full-width and small forms. Behind a
# semicolon as well: in some countries it parts the cells of a CSV.
_FORMULA = re.compile(r"(?:^|;) ?(?=[=+\-@＝＋－＠﹦﹢﹣﹫−])")
_TELEPHONE = re.compile(r"\+[\d ().\-/]+")
MOST_LINES, MOST_CHARACTERS = 2**20, 2**15 - 1  # of a sheet, of a cell (Excel specifications and limits)


def harmless(text: str) -> str:
    """One line, with an apostrophe before all that a spreadsheet would calculate: `=1+1` → `'=1+1`."""
    return _FORMULA.sub(r"\g<0>'", " ".join(text.split()))


def csv_blocks(headings: Row, batches: Iterable[Iterable[Row]]) -> Iterator[bytes]:
    """RFC 4180 in UTF-8, with the mark by which spreadsheets know it; a block for each batch."""
    yield codecs.BOM_UTF8 + _csv([headings])
    yield from map(_csv, batches)


def _csv(rows: Iterable[Row]) -> bytes:
    text = io.StringIO()
    csv.writer(text, quoting=csv.QUOTE_ALL).writerows([_plain(cell) for cell in row] for row in rows)
    return text.getvalue().encode()


def _plain(cell: Cell) -> str | float:
    if isinstance(cell, datetime):
        return f"{cell:%Y-%m-%d %H:%M}"
    return harmless(cell) if isinstance(cell, str) else "" if cell is None else cell


def xlsx_file(headings: Row, widths: Sequence[int], batches: Iterable[Iterable[Row]]) -> IO[bytes]:
    """A workbook in a temporary file, at its beginning. What does not fit into a sheet goes on in the next."""
    file = tempfile.TemporaryFile()  # noqa: SIM115 (the caller closes)
    with tempfile.TemporaryDirectory(prefix="ats-list-") as folder:
        book = _Book(file, folder, headings, widths)
        for rows in batches:
            for row in rows:
                book.add(row)
        book.close()
    file.seek(0)
    return file


class _Book:
    """Sheets that are filled from the top, each line written away when the next one begins."""

    def __init__(self, file: IO[bytes], folder: str, headings: Row, widths: Sequence[int]) -> None:
        self.book = Workbook(file, {"constant_memory": True, "tmpdir": folder})
        self.headings, self.widths = headings, widths
        self.bold = self.book.add_format({"bold": True})
        self.text = self.book.add_format({"num_format": "@"})  # stays text when somebody edits the cell
        self.moment = self.book.add_format({"num_format": "yyyy-mm-dd hh:mm"})
        self._begin_sheet()

    def _begin_sheet(self) -> None:
        self.sheet = self.book.add_worksheet()
        self.sheet.freeze_panes(1, 0)
        for column, (heading, width) in enumerate(zip(self.headings, self.widths, strict=True)):
            self.sheet.set_column(column, column, width)
            self.sheet.write_string(0, column, str(heading), self.bold)
        self.line = 1

    def add(self, row: Row) -> None:
        if self.line == MOST_LINES:
            self._begin_sheet()
        for column, cell in enumerate(row):
            self._write(column, cell)
        self.line += 1

    def _write(self, column: int, cell: Any) -> None:
        if isinstance(cell, str):
            text = cell if _TELEPHONE.fullmatch(cell) else harmless(cell)  # typed as text, it is never calculated
            self.sheet.write_string(self.line, column, text[:MOST_CHARACTERS], self.text)
        elif isinstance(cell, datetime):
            self.sheet.write_datetime(self.line, column, cell.replace(tzinfo=None), self.moment)
        elif cell is not None:
            self.sheet.write_number(self.line, column, cell)

    def close(self) -> None:
        self.book.close()
