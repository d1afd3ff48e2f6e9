"""Word 97-2003 files: the text by the piece table, read from the compound file with nothing but the standard library.

Sources: [MS-CFB] for the compound file, [MS-DOC] 2.4.1 "Retrieving Text" for the FIB, the CLX and its pieces.
"""

from __future__ import annotations

import re
import struct

from parsing.page import TextLayer
from parsing.plain import lines_of
from parsing.reading import Unreadable

FREE, END = 0xFFFFFFFF, 0xFFFFFFFA
MAX_SECTORS = 120_000
ENCRYPTED, SECOND_TABLE = 0x0100, 0x0200
COMPRESSED = 0x40000000
FIELD = re.compile("\x13[^\x13\x14\x15]*\x14?([^\x13\x15]*)\x15")
MARKS = str.maketrans({"\r": "\n", "\x07": "\t", "\x0b": "\n", "\x0c": "\n", "\x1e": "-", "\x1f": None, "\xa0": " "})


def read_doc(data: bytes) -> TextLayer:
    """Raises Unreadable (encrypted, damaged, no_text, not_supported)."""
    try:
        text = _text(CompoundFile(data))
    except (struct.error, IndexError, KeyError, ValueError):
        raise Unreadable("damaged") from None
    while (shown := FIELD.sub(r"\1", text)) != text:  # a hyperlink keeps its shown text, its instructions go
        text = shown
    rows = text.translate(MARKS).replace("\t\t", "\n")  # a row of a table ends with a second cell mark
    return TextLayer("doc", lines_of(rows))


class CompoundFile:
    """The streams of an OLE compound file."""

    def __init__(self, data: bytes):
        self.data = data
        shift, mini_shift = struct.unpack_from("<HH", data, 0x1E)
        if shift not in (9, 12) or mini_shift != 6:
            raise ValueError("strange sector size")
        self.size, self.mini_size = 1 << shift, 1 << mini_shift
        self.fat = self._fat()
        directory = self._chain(struct.unpack_from("<I", data, 0x30)[0])
        self.entries = self._entries(directory)
        self.cutoff = struct.unpack_from("<I", data, 0x38)[0]
        mini_fat = self._chain(struct.unpack_from("<I", data, 0x3C)[0])
        self.mini_fat = struct.unpack(f"<{len(mini_fat) // 4}I", mini_fat)

    def stream(self, name: str) -> bytes:
        """The bytes of a stream; KeyError when there is none of that name."""
        start, length = self.entries[name]
        if length >= self.cutoff:
            return self._chain(start)[:length]
        root, _ = self.entries["Root Entry"]
        container, sectors = self._chain(root), list[bytes]()
        while start < END and len(sectors) < MAX_SECTORS:
            sectors.append(container[start * self.mini_size : (start + 1) * self.mini_size])
            start = self.mini_fat[start]
        return b"".join(sectors)[:length]

    def _sector(self, number: int) -> bytes:
        return self.data[(number + 1) * self.size : (number + 2) * self.size]

    def _fat(self) -> tuple[int, ...]:
        numbers = [n for n in struct.unpack_from("<109I", self.data, 0x4C) if n < END]
        following, count = struct.unpack_from("<II", self.data, 0x44)
        for _ in range(min(count, 1000)):
            block = struct.unpack(f"<{self.size // 4}I", self._sector(following))
            numbers += [n for n in block[:-1] if n < END]
            following = block[-1]
        joined = b"".join(self._sector(number) for number in numbers)
        return struct.unpack(f"<{len(joined) // 4}I", joined[: len(joined) // 4 * 4])

    def _chain(self, start: int) -> bytes:
        sectors: list[bytes] = []
        while start < END and len(sectors) < MAX_SECTORS:
            sectors.append(self._sector(start))
            start = self.fat[start]
        return b"".join(sectors)

    def _entries(self, directory: bytes) -> dict[str, tuple[int, int]]:
        entries: dict[str, tuple[int, int]] = {}
        for at in range(0, len(directory) - 127, 128):
            (length,) = struct.unpack_from("<H", directory, at + 64)
            name = directory[at : at + max(0, min(length, 64) - 2)].decode("utf-16-le", "replace")
            start, size = struct.unpack_from("<II", directory, at + 116)
            entries.setdefault(name, (start, size))
        return entries


def _text(file: CompoundFile) -> str:
    if "WordDocument" not in file.entries:
        raise Unreadable("encrypted" if "EncryptedPackage" in file.entries else "not_supported")
    main = file.stream("WordDocument")
    magic, version = struct.unpack_from("<HH", main, 0)
    (flags,) = struct.unpack_from("<H", main, 0x0A)
    if magic != 0xA5EC or version < 101:
        raise Unreadable("not_supported", "The file comes from a Word older than 97.")
    if flags & ENCRYPTED:
        raise Unreadable("encrypted")
    table = file.stream("1Table" if flags & SECOND_TABLE else "0Table")
    start, length = struct.unpack_from("<II", main, 0x01A2)
    counts = struct.unpack_from("<8I", main, 0x4C)  # body, footnotes, headers, comments, ..., text boxes
    text = _pieces(main, table[start : start + length])
    body, headers = counts[0], sum(counts[:2])
    boxes = headers + counts[2]
    return "\n".join((text[headers:boxes], text[:body], text[boxes + sum(counts[3:6]) :][: counts[6]]))


def _pieces(main: bytes, clx: bytes) -> str:
    at = 0
    while clx[at] == 1:  # formatting runs stand before the piece table
        at += 3 + struct.unpack_from("<H", clx, at + 1)[0]
    (length,) = struct.unpack_from("<I", clx, at + 1)
    plc = clx[at + 5 : at + 5 + length]
    count = (len(plc) - 4) // 12
    positions = struct.unpack_from(f"<{count + 1}I", plc, 0)
    parts = []
    for index in range(count):
        (fc,) = struct.unpack_from("<I", plc, 4 * (count + 1) + 8 * index + 2)
        letters = positions[index + 1] - positions[index]
        if fc & COMPRESSED:
            offset = (fc & ~COMPRESSED) // 2
            parts.append(main[offset : offset + letters].decode("cp1252", "replace"))
        else:
            parts.append(main[fc : fc + 2 * letters].decode("utf-16-le", "replace"))
    return "".join(parts)
