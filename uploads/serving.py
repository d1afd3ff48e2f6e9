"""Handing a stored document out: the version that was verified, streamed, in ranges, and never as a page of ours."""

from __future__ import annotations

import re
from collections.abc import Iterator

from django.http import HttpRequest, HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.utils.http import content_disposition_header

from uploads.models import Document
from uploads.storage import blocks, get_store

_RANGE = re.compile(r"bytes=(\d*)-(\d*)")
INLINE = "application/pdf"  # proven at the door; every other type is only ever downloaded
POLICY = "default-src 'none'; frame-ancestors 'self'"


def serve(request: HttpRequest, document: Document, *, inline: bool = False) -> HttpResponseBase:
    """The file of a stored document. With `inline` a browser may show it, if it is a PDF.

    One range is answered by 206, one that the file does not have by 416; several at once by the whole file, as
    RFC 9110 (14.2) allows. Raises ObjectMissing, StoreUnavailable.
    """
    size = document.file_size_bytes
    span = _span(request, document, size)
    if span is None:
        refusal = HttpResponse(status=416, headers={"Content-Range": f"bytes */{size}"})
        return _guarded(refusal, document, inline)
    start, length = span
    body = _Body(document, start, length) if request.method != "HEAD" else ()
    response = StreamingHttpResponse(body, status=200 if length == size else 206)
    response["Content-Length"] = str(length)
    if length != size:
        response["Content-Range"] = f"bytes {start}-{start + length - 1}/{size}"
    return _guarded(response, document, inline)


def _span(request: HttpRequest, document: Document, size: int) -> tuple[int, int] | None:
    """(start, length) of what is asked for; None for a range outside of the file."""
    wanted = _RANGE.fullmatch(request.headers.get("Range", "").replace(" ", ""))
    if not wanted or wanted[0] == "bytes=-" or request.headers.get("If-Range", _etag(document)) != _etag(document):
        return 0, size
    first, last = wanted.groups()
    if not first:
        length = min(int(last), size)
        return (size - length, length) if length else None
    start, end = int(first), min(int(last or size - 1), size - 1)
    return (start, end - start + 1) if start <= end else None


class _Body:
    """Part of a stored file in blocks. The store is asked at once: its absence is an answer, not a broken body."""

    def __init__(self, document: Document, start: int, length: int) -> None:
        self.file = get_store().open(document.pinned, start, length)

    def __iter__(self) -> Iterator[bytes]:
        return blocks(self.file)

    def close(self) -> None:
        self.file.close()


def _etag(document: Document) -> str:
    return f'"{document.doc_hash_256}"'


def _guarded(response: HttpResponseBase, document: Document, inline: bool) -> HttpResponseBase:
    is_pdf = document.content_type == INLINE
    response["Content-Type"] = document.content_type
    disposition = content_disposition_header(not (inline and is_pdf), document.original_filename)
    response["Content-Disposition"] = disposition or "attachment"
    response["Content-Security-Policy"] = POLICY
    response["X-Content-Type-Options"] = "nosniff"
    response["X-Frame-Options"] = "SAMEORIGIN"
    response["Cache-Control"] = "private, no-store"
    response["Accept-Ranges"] = "bytes"
    response["ETag"] = _etag(document)
    return response
