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
# Where a line names a file: as a fact, or in the words with which an upload in chunks begins.
FILE_NAME = re.compile(rb'"file_name":"((?:[^"\\\n]|\\.)*)"|^\[[^\]]*\] \S+ Initialized upload session \S+ for (.*) \{')
ALONE = rb"(?<![\w.@+-])%b(?![\w.@+-])"  # "cv.pdf" is not meant where "my-cv.pdf" stands
SHA256 = re.compile(rb"[0-9a-f]{64}")  # stands alone nowhere: it is the beginning of a key


def black_out(words: Collection[str], marks: Collection[str] = ()) -> int:
    """Overwrites these words wherever they stand, and the file name on each line that holds one of `marks`.

    Words stand in the files as JSON writes them, in ASCII. Returns how many places were overwritten.
    """
    written = [json.dumps(word)[1:-1].encode().lower() for word in words if word]
    marked = [mark.encode() for mark in marks]
    if not written and not marked:
        return 0
    return sum(_black_out(path, Words(written), marked) for path in Path(settings.LOG_DIR).glob(FILES))


class Words:
    def __init__(self, written: list[bytes]) -> None:
        self.written = written
        each = (word if SHA256.fullmatch(word) else ALONE % re.escape(word) for word in written)
        self.pattern = re.compile(b"|".join(each), re.IGNORECASE)

    def places(self, line: bytes) -> Iterator[tuple[int, int]]:
        lowered = line.lower()
        if any(word in lowered for word in self.written):  # ten times as fast as the pattern
            yield from (match.span() for match in self.pattern.finditer(line))


def _black_out(path: Path, words: Words, marks: list[bytes]) -> int:
    count, start = 0, 0
    with path.open("r+b") as file:
        for line in iter(file.readline, b""):
            for left, right in _places(line, words, marks):
                file.seek(start + left)
                file.write(b"#" * (right - left))
                count += 1
            start += len(line)
            file.seek(start)
    return count


def _places(line: bytes, words: Words, marks: list[bytes]) -> Iterator[tuple[int, int]]:
    yield from words.places(line)
    if any(mark in line for mark in marks):
        yield from (match.span(match.lastindex or 0) for match in FILE_NAME.finditer(line))
