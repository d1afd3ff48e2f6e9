"""The multipart body of a chunk: the small fields are read, the chunk itself is left on the wire for its writer.

Django's own parser would copy each chunk to a temporary file, and hands a body that was cut off half way to the view as
if it were whole. Here the chunk must be the last part, so its length is known from Content-Length before a byte of it
is written, and its last block is handed out only when the closing boundary has been seen.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import IO, Any

from django.http import QueryDict
from django.utils.http import parse_header_parameters
from rest_framework.exceptions import ParseError
from rest_framework.parsers import BaseParser

from uploads.errors import IncompleteBody
from uploads.wire import Wire

BLOCK_BYTES = 2**18  # each thread of the web server may keep one: 32 of a megabyte would be 32 MiB of nothing
PREAMBLE_BYTES, MOST_FIELDS = 16 * 1024, 20
FILE_FIELD = "chunk"


class ChunkBody:
    """The chunk, still to be read. `size` is what Content-Length leaves for it, in bytes."""

    def __init__(self, wire: Wire, begun: bytes, boundary: bytes) -> None:
        self.wire, self.begun = wire, begun
        self.closing = b"\r\n--" + boundary + b"--"
        self.size = self.left - len(self.closing) - 2
        self.closed = False

    @property
    def left(self) -> int:
        return len(self.begun) + self.wire.left

    def fits(self, size: int) -> bool:
        """RFC 2046 lets the line break after the closing boundary be left out."""
        return size in (self.size, self.size + 2)

    def blocks(self, size: int) -> Iterator[memoryview]:
        """The chunk in blocks, each of them to be used before the next one is asked for: they share their place.

        Raises IncompleteBody, before the last block, when the body ends early.
        """
        buffer = memoryview(bytearray(min(BLOCK_BYTES, size)))
        while size:
            block = self._fill(buffer[:size])
            size -= len(block)
            if not size:
                self._close(self._read(self.left))
            yield block

    def drain(self) -> None:
        """Reads what is left, so that the caller hears the answer. Raises IncompleteBody when it is not whole."""
        tail = b""
        while self.left:
            block = self._read(BLOCK_BYTES)
            tail = (tail + block)[-len(self.closing) - 2 :]
        if not self.closed:
            self._close(tail.removesuffix(b"\r\n")[-len(self.closing) :])

    def _close(self, tail: bytes) -> None:
        self.closed = tail.removesuffix(b"\r\n") == self.closing
        if not self.closed:
            raise IncompleteBody

    def _fill(self, buffer: memoryview) -> memoryview:
        early, self.begun = self.begun[: len(buffer)], self.begun[len(buffer) :]
        buffer[: len(early)] = early
        if len(buffer) > len(early) + self.wire.left:
            raise IncompleteBody
        self.wire.read_into(buffer[len(early) :])
        return buffer

    def _read(self, size: int) -> bytes:
        return self._fill(memoryview(bytearray(min(size, self.left)))).tobytes()


def read(stream: IO[bytes], size: int) -> bytes:
    try:
        return stream.read(size)
    except OSError:  # the client has gone
        raise IncompleteBody from None


class ChunkParser(BaseParser):
    """multipart/form-data whose last part is the chunk (RFC 7578)."""

    media_type = "multipart/form-data"

    def parse(self, stream: IO[bytes], media_type: str | None = None, parser_context: Any = None) -> QueryDict:
        preamble = _Preamble(Wire(parser_context["request"]._request), _boundary(media_type or ""))
        form = QueryDict(mutable=True)
        for name, value in preamble.fields():
            form[name] = value
        return form


def _boundary(media_type: str) -> bytes:
    boundary = _parameters(media_type).get("boundary", "")
    if not re.fullmatch(r"[\x20-\x7e]{1,200}", boundary):  # RFC 2046 allows 70; some clients take more
        raise ParseError("The Content-Type names no boundary.")
    return boundary.encode()


class _Preamble:
    """Everything before the chunk: a few short fields. What was read too far is handed on."""

    def __init__(self, wire: Wire, boundary: bytes) -> None:
        self.wire, self.boundary = wire, boundary
        self.buffer = b""

    def fields(self) -> Iterator[tuple[str, Any]]:
        self._until(b"--" + self.boundary)
        for _ in range(MOST_FIELDS):
            if self._until(b"\r\n").strip() == b"--":
                return
            name = _field_name(self._until(b"\r\n\r\n"))
            if name == FILE_FIELD:
                yield name, ChunkBody(self.wire, self.buffer, self.boundary)
                return
            yield name, _text(self._until(b"\r\n--" + self.boundary))
        raise ParseError("The form has too many fields.")

    def _until(self, mark: bytes) -> bytes:
        while mark not in self.buffer:
            if len(self.buffer) > PREAMBLE_BYTES:
                raise ParseError("The fields before the chunk are too long.")
            block = self.wire.read(4096)
            if not block:
                raise IncompleteBody
            self.buffer += block
        found, _, self.buffer = self.buffer.partition(mark)
        return found


def _field_name(headers: bytes) -> str:
    for line in _text(headers).split("\r\n"):
        header, _, value = line.partition(":")
        if header.strip().lower() == "content-disposition":
            return _parameters(value).get("name", "")
    raise ParseError("A part of the form has no name.")


def _parameters(header: str) -> dict[str, str]:
    try:
        return parse_header_parameters(header)[1]
    except ValueError:
        raise ParseError("A header of the form cannot be read.") from None


def _text(value: bytes) -> str:
    try:
        return value.decode()
    except UnicodeDecodeError:
        raise ParseError("The form is not UTF-8.") from None
