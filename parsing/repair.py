"""What can honestly be done for a damaged PDF, and what a reviewer should know about an odd one."""

from __future__ import annotations

import re
import zlib
from io import BytesIO

from parsing.salvage import salvaged

HAZARDS = (
    (re.compile(rb"/S\s*/JavaScript|/JS\s*[(<\d]"), "The file holds JavaScript."),
    (re.compile(rb"/S\s*/Launch"), "The file wants to start a program."),
    (re.compile(rb"/EmbeddedFiles?\b"), "The file holds embedded files."),
)
OBJECT_STREAM = re.compile(rb"/ObjStm\b[^>]{0,400}>>\s*stream\r?\n")
MAX_INFLATED = 2**20
MAX_STREAMS = 200


def hazards_of(data: bytes) -> list[str]:
    """Warnings about active content, also inside compressed object streams, where a plain search sees nothing."""
    parts = [data]
    for match in list(OBJECT_STREAM.finditer(data))[:MAX_STREAMS]:
        try:
            parts.append(zlib.decompressobj().decompress(data[match.end() : match.end() + MAX_INFLATED], MAX_INFLATED))
        except zlib.error:
            continue
    return [warning for pattern, warning in HAZARDS if any(pattern.search(part) for part in parts)]


def repaired(data: bytes) -> list[bytes]:
    """Versions of a damaged PDF that may open, cheapest first: with a header, rebuilt by qpdf, from whole objects."""
    versions = []
    start = data.find(b"%PDF-")
    if start < 0:
        versions.append(b"%PDF-1.7\n" + data)
    rebuilt = _rebuilt(versions[0] if versions else data[start:])
    return [*versions, *filter(None, (rebuilt, salvaged(data)))]


def _rebuilt(data: bytes) -> bytes | None:
    import pikepdf

    out = BytesIO()
    try:
        with pikepdf.open(BytesIO(data), suppress_warnings=True) as document:
            document.save(out)
    except (pikepdf.PdfError, RuntimeError, ValueError, OSError):
        return None
    return out.getvalue()
