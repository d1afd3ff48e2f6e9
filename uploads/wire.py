"""The body of a call, read into a buffer that the reader keeps.

`wsgi.input` answers each read with new bytes, copied several times on their way: for a chunk of 5 MiB that costs more
than receiving, hashing and writing it. gunicorn lets an application have the socket, so the bytes come from there
straight into the buffer. Under any other server they are read as usual, and copied once.
"""

from __future__ import annotations

import socket

from django.http import HttpRequest
from gunicorn.http.body import Body, LengthReader

from uploads.errors import IncompleteBody


class Wire:
    """What is still to come of a body; `left` bytes, by its Content-Length."""

    def __init__(self, request: HttpRequest) -> None:
        self.request = request
        self.left = int(request.META.get("CONTENT_LENGTH") or 0)
        self.reader = _reader(request)

    def read_into(self, buffer: memoryview) -> int:
        """Fills the buffer, or as much of it as is left; returns how many bytes that are.

        Raises IncompleteBody when the client goes away before.
        """
        wanted, there = buffer[: self.left], 0
        while there < len(wanted):
            try:
                count = self._receive(wanted[there:])
            except OSError:  # the client has gone
                raise IncompleteBody from None
            if not count:
                raise IncompleteBody
            there += count
        self.left -= there
        return there

    def read(self, size: int) -> bytes:
        """`size` bytes, or what is left."""
        buffer = memoryview(bytearray(min(size, self.left)))
        self.read_into(buffer)
        return buffer.tobytes()

    def _receive(self, buffer: memoryview) -> int:
        if self.reader is None:
            return _copy(self.request.read(len(buffer)), buffer)
        early = self.reader.unreader.buf.tell()  # it came together with the headers
        if early:
            return _copy(self.reader.read(min(early, len(buffer))), buffer)
        count = self.request.META["gunicorn.socket"].recv_into(buffer, len(buffer), socket.MSG_WAITALL)
        self.reader.length -= count  # it looks for the next call behind this body
        return count


def _reader(request: HttpRequest) -> LengthReader | None:
    """gunicorn's own reader of this body, when its socket is a plain one and the length is known."""
    body, wire = request.META.get("wsgi.input"), request.META.get("gunicorn.socket")
    if type(wire) is socket.socket and isinstance(body, Body) and isinstance(body.reader, LengthReader):
        return body.reader
    return None


def _copy(block: bytes, buffer: memoryview) -> int:
    buffer[: len(block)] = block
    return len(block)
