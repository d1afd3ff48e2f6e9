"""Showing a stored document in a frame of our own pages: the file itself, and never as a page of ours."""

from __future__ import annotations

from datetime import timedelta

from django.http import HttpRequest, HttpResponseBase

from uploads.models import Document
from uploads.ranges import document_response

SAME_LOOK = timedelta(hours=1)  # ranges of one file, read by one person within this time, are one look
SHOWN = "application/pdf"  # proven at the door; every other type is only ever downloaded
POLICY = "default-src 'none'; frame-ancestors 'self'"


def show(request: HttpRequest, document: Document) -> HttpResponseBase:
    """The verified version, under its own name: in a frame where it is a PDF, else, or with `?download`, as a file.

    Raises ObjectMissing, StoreUnavailable.
    """
    inline = "download" not in request.GET and document.content_type == SHOWN
    response = document_response(request, document, document.original_filename, inline=inline)
    response["X-Frame-Options"] = "SAMEORIGIN"
    response["Content-Security-Policy"] = POLICY
    return response


def is_first_look(response: HttpResponseBase) -> bool:
    """A viewer reads one file in many ranges; this is the one to write down."""
    return response.status_code == 200 or response.headers.get("Content-Range", "").startswith("bytes 0-")


def goes_on(response: HttpResponseBase) -> bool:
    """A range from further on. Without a first look shortly before it is a look as well: it may be all but a byte."""
    return response.status_code == 206 and not is_first_look(response)
