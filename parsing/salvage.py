"""A new PDF from the objects that a cut-off file still holds: those in the open and those in whole object streams.

The cross-reference at a file's end is what a broken download loses first, and where it is a compressed stream nothing
else says where the objects in streams are. Format: ISO 32000-1, 7.5.7 (object streams) and 7.7 (document structure).
"""

from __future__ import annotations

import re
import zlib

OBJECT = re.compile(rb"(?<!\d)(\d{1,7})\s+\d{1,5}\s+obj\b(.*?)endobj", re.S)
STREAM = re.compile(rb"stream\r?\n(.*)endstream", re.S)
PAGE = re.compile(rb"/Type\s*/Page(?![a-zA-Z])")
NUMBER = re.compile(rb"/(N|First)\s+(\d{1,7})")
MAX_INFLATED = 8 * 2**20
MAX_OBJECTS = 50_000


def salvaged(data: bytes) -> bytes | None:
    """A file with all whole objects and a fresh page tree, or None when no page is left."""
    objects: dict[int, bytes] = {}
    for match in OBJECT.finditer(data):
        if len(objects) > MAX_OBJECTS:
            break
        body = match[2]
        if b"/ObjStm" in body[:400]:
            objects |= _unpacked(body)
        elif b"/XRef" not in body[:400]:
            objects[int(match[1])] = body
    pages = [number for number, body in objects.items() if PAGE.search(body[:3000])]
    return _written(objects, pages) if pages else None


def _unpacked(body: bytes) -> dict[int, bytes]:
    """The objects of an object stream by their numbers."""
    stream, sizes = STREAM.search(body), dict(NUMBER.findall(body[:400]))
    if not stream or len(sizes) < 2:
        return {}
    try:
        plain = zlib.decompressobj().decompress(stream[1], MAX_INFLATED)
    except zlib.error:
        return {}
    first = int(sizes[b"First"])
    index = [int(number) for number in plain[:first].split() if number.isdigit()]
    starts = index[1::2]
    ends = [*starts[1:], len(plain) - first]
    return {
        number: plain[first + start : first + end] for number, start, end in zip(index[::2], starts, ends, strict=False)
    }


def _written(objects: dict[int, bytes], pages: list[int]) -> bytes:
    tree = max(objects) + 1
    kids = b" ".join(b"%d 0 R" % number for number in pages)
    objects[tree] = b"<</Type/Pages/Count %d/MediaBox[0 0 612 792]/Kids[%s]>>" % (len(pages), kids)
    objects[tree + 1] = b"<</Type/Catalog/Pages %d 0 R>>" % tree
    for number in pages:
        objects[number] = re.sub(rb"/Parent\s+\d+\s+\d+\s+R", b"/Parent %d 0 R" % tree, objects[number], count=1)
    out, offsets = bytearray(b"%PDF-1.7\n"), {}
    for number, body in objects.items():
        offsets[number] = len(out)
        out += b"%d 0 obj" % number + b"\n" + body.strip() + b"\nendobj\n"
    start = len(out)
    out += b"xref\n0 1\n0000000000 65535 f \n"
    for number in sorted(offsets):
        out += b"%d 1\n%010d 00000 n \n" % (number, offsets[number])
    return bytes(out) + b"trailer<</Size %d/Root %d 0 R>>\nstartxref\n%d\n%%%%EOF" % (tree + 2, tree + 1, start)
