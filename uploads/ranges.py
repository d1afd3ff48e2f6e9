"""One byte range of a stored document as an HTTP answer (RFC 9110, section 14)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import IO

from django.http import HttpRequest, HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.utils.http import content_disposition_header

from uploads.models import Document
from uploads.storage import blocks, get_store


class Unsatisfiable(Exception):
    """The range asked for lies beyond the end."""


def document_response(request: HttpRequest, document: Document, file_name: str, *, inline: bool) -> HttpResponseBase:
    """The pinned bytes of a document under `file_name`. The store is asked before the first byte of the answer.

    Raises ObjectMissing, StoreUnavailable.
    """
    size, etag = document.file_size_bytes, f'"{document.doc_hash_256}"'
    try:
        span = asked_range(request, size, etag)
    except Unsatisfiable:
        return _with_headers(HttpResponse(status=416, headers={"Content-Range": f"bytes */{size}"}), etag)
    start, length = span or (0, size)
    body = _Body(get_store().open(document.pinned, start, length)) if request.method == "GET" else ()
    response = StreamingHttpResponse(body, status=206 if span else 200, content_type=document.content_type)
    response["Content-Length"] = str(length)
    if span:
        response["Content-Range"] = f"bytes {start}-{start + length - 1}/{size}"
    disposition = content_disposition_header(not inline, file_name)
    response["Content-Disposition"] = disposition or "attachment"
    return _with_headers(response, etag)


def _with_headers(response: HttpResponseBase, etag: str) -> HttpResponseBase:
    response["Accept-Ranges"] = "bytes"
    response["ETag"] = etag
    response["Cache-Control"] = "private, no-store"
    response["X-Content-Type-Options"] = "nosniff"
    return response


def asked_range(request: HttpRequest, size: int, etag: str) -> tuple[int, int] | None:
    """(start, length) of a single range; None for the whole, also where the range cannot be understood."""
    match = re.fullmatch(r"bytes=(\d{0,18})-(\d{0,18})", request.headers.get("Range", "").replace(" ", ""))
    if match is None or match[1] == match[2] == "":
        return None
    if request.headers.get("If-Range", etag) != etag:
        return None
    if not match[1]:  # the last n bytes
        start, end = max(0, size - int(match[2])), size - 1
    else:
        start, end = int(match[1]), min(int(match[2] or size), size - 1)
    if start >= size:
        raise Unsatisfiable
    return (start, end - start + 1) if end >= start else None


class _Body:
    """An open file in blocks. Closed with the answer, also where nobody reads it."""

    def __init__(self, file: IO[bytes]) -> None:
        self.file = file

    def __iter__(self) -> Iterator[bytes]:
        return blocks(self.file)

    def close(self) -> None:
        self.file.close()
