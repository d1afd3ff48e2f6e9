"""Blacking words out of the daily log files.

The bytes are overwritten where they lie, with as many others: other processes append to these files meanwhile, and none
of their lines may be lost.
"""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Iterator
from pathlib import Path

from django.conf import settings

FILES = "*-????-??-??.log"
FILE_NAME = re.compile(rb'"file_name":"((?:[^"\\\n]|\\.)*)"')


def black_out(words: Collection[str], marks: Collection[str] = ()) -> int:
    """Overwrites these words wherever they stand, and the file name on each line that holds one of `marks`.

    Words stand in the files as JSON writes them, in ASCII. Returns how many places were overwritten.
    """
    written = [re.escape(json.dumps(word)[1:-1].encode()) for word in words if word]
    anywhere = re.compile(b"|".join(written), re.IGNORECASE) if written else None
    marked = [mark.encode() for mark in marks]
    return sum(_black_out(path, anywhere, marked) for path in Path(settings.LOG_DIR).glob(FILES))


def _black_out(path: Path, anywhere: re.Pattern[bytes] | None, marks: list[bytes]) -> int:
    count, start = 0, 0
    with path.open("r+b") as file:
        for line in iter(file.readline, b""):
            for left, right in _places(line, anywhere, marks):
                file.seek(start + left)
                file.write(b"#" * (right - left))
                count += 1
            start += len(line)
            file.seek(start)
    return count


def _places(line: bytes, anywhere: re.Pattern[bytes] | None, marks: list[bytes]) -> Iterator[tuple[int, int]]:
    if anywhere:
        yield from (match.span() for match in anywhere.finditer(line))
    if any(mark in line for mark in marks):
        yield from (match.span(1) for match in FILE_NAME.finditer(line))
