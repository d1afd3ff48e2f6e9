"""Multipart bodies that arrived whole.

Django parses a body that was cut off half way without a word: the unfinished file is dropped, the fields stay. Here the
bytes are counted against Content-Length and the closing boundary (RFC 2046, 5.1.1) must be there.
"""

from __future__ import annotations

import errno
from typing import IO, Any

from django.conf import settings
from django.core.exceptions import RequestDataTooBig
from django.core.files.uploadhandler import FileUploadHandler
from django.http import HttpRequest
from django.http.multipartparser import MultiPartParser, MultiPartParserError
from rest_framework.exceptions import ParseError
from rest_framework.parsers import BaseParser, DataAndFiles

from uploads.errors import IncompleteBody, StoreFull, UploadTooLarge
from uploads.storage import BLOCK_BYTES

AROUND_FILE = 256 * 1024  # what fields and boundaries may add to the largest file


class Bounded(FileUploadHandler):
    """Refuses a body by its length before anything of it is kept. Forms of the desk are parsed before it is known who
    sends them."""

    def handle_raw_input(self, input_data: Any, META: Any, content_length: int, *_: Any, **__: Any) -> None:
        if content_length > settings.CV_MAX_BYTES + AROUND_FILE:
            raise RequestDataTooBig("The body is too large.")

    def receive_data_chunk(self, raw_data: bytes, start: int) -> bytes:
        return raw_data  # the handlers that follow keep it

    def file_complete(self, file_size: int) -> None:
        return None


class WholeMultiPartParser(BaseParser):
    """`multipart/form-data` with one CV in it; 400 `incomplete_body` when it was cut off."""

    media_type = "multipart/form-data"

    def parse(self, stream: IO[bytes], media_type: str | None = None, parser_context: Any = None) -> DataAndFiles:
        request: HttpRequest = parser_context["request"]._request
        announced = int(request.META.get("CONTENT_LENGTH") or 0)
        body = _Counted(stream, request.content_params.get("boundary", "") if request.content_params else "")
        try:
            parser = MultiPartParser(request.META, body, request.upload_handlers)  # type: ignore[arg-type]  # reads only
            data, files = parser.parse()
        except RequestDataTooBig:
            raise UploadTooLarge from None
        except MultiPartParserError:
            raise (IncompleteBody if body.count < announced else ParseError("The multipart body is invalid.")) from None
        except OSError as error:
            raise (StoreFull if error.errno in (errno.ENOSPC, errno.EDQUOT) else IncompleteBody) from error
        if body.read_to_end() != announced or not body.is_closed():
            for file in [file for name in files for file in files.getlist(name)]:
                file.close()
            raise IncompleteBody
        return DataAndFiles(data, files)


class _Counted:
    """A body that knows how much of it was read, and how it ended."""

    def __init__(self, stream: IO[bytes], boundary: str) -> None:
        self.stream, self.count, self.tail = stream, 0, b""
        self.last_line = f"--{boundary}--".encode()

    def read(self, size: int | None = BLOCK_BYTES) -> bytes:
        block = self.stream.read(size or BLOCK_BYTES)
        self.count += len(block)
        self.tail = (self.tail + block[-128:])[-128:]
        return block

    def read_to_end(self) -> int:
        while self.read():
            pass
        return self.count

    def is_closed(self) -> bool:
        """The last line is the delimiter with two hyphens behind it; what may follow is white space."""
        return self.tail.rstrip(b" \t\r\n").rpartition(b"\n")[2] == self.last_line
