"""Is all of a video there? The outermost boxes of its container say how long the file must be."""

from __future__ import annotations

import os
import struct
from pathlib import Path
from typing import IO

from parsing.reading import Unreadable

CUT_OFF = "The video is cut off: a part of the file is missing."
DAMAGED = "The file is no video, or a damaged one."
MOST_BOXES = 500_000
SEGMENT = 0x18538067  # RFC 8794, RFC 9559


def refuse_cut_off(path: str | os.PathLike[str], extension: str) -> None:
    """Raises Unreadable when the file ends before its container does."""
    with Path(path).open("rb") as file:
        size = os.fstat(file.fileno()).st_size
        end = _end_of_boxes(file, size) if extension in ("mp4", "mov") else _end_of_segment(file)
    if end > size:
        raise Unreadable("damaged", CUT_OFF)


def _end_of_boxes(file: IO[bytes], size: int) -> int:
    """ISO/IEC 14496-12, 4.2: a box is its length (1: in the next 64 bits, 0: up to the end), its type, its content."""
    place = 0
    for _ in range(MOST_BOXES):
        if place + 8 > size:
            return place if place == size or place > size else size + 1
        file.seek(place)
        length, _kind, long_length = struct.unpack(">I4sQ", file.read(16).ljust(16, b"\0"))
        if length == 0:
            return size
        length = long_length if length == 1 else length
        if length < 8:
            raise Unreadable("damaged", DAMAGED)
        place += length
    return place


def _end_of_segment(file: IO[bytes]) -> int:
    """RFC 8794: an element is its id, its length, its content. A recording may leave the length of the segment open."""
    head_id, head_length = _number(file, keep_marker=True), _number(file)
    if head_id != 0x1A45DFA3 or head_length is None:
        raise Unreadable("damaged", DAMAGED)
    file.seek(head_length, os.SEEK_CUR)
    if _number(file, keep_marker=True) != SEGMENT:
        raise Unreadable("damaged", CUT_OFF)
    length = _number(file)
    return 0 if length is None else file.tell() + length


def _number(file: IO[bytes], keep_marker: bool = False) -> int | None:
    """A number of variable length; None for the one that means unknown."""
    first = file.read(1)
    if not first or not first[0]:
        raise Unreadable("damaged", CUT_OFF)
    width = 9 - first[0].bit_length()
    rest = file.read(width - 1)
    value = int.from_bytes(first + rest, "big")
    if keep_marker:
        return value
    value &= (1 << 7 * width) - 1
    return None if value == (1 << 7 * width) - 1 else value
