"""gunicorn's worker with threads; its own refusals are the envelope, too: what it cannot read never reaches Django."""

from __future__ import annotations

import json
import logging
import socket
from contextlib import suppress
from http import HTTPStatus
from typing import Any

from gunicorn.http import errors as unreadable
from gunicorn.workers.gthread import ThreadWorker

from uploads import trace

logger = logging.getLogger("door.unknown")
Refusal = tuple[HTTPStatus, str, str]  # status, code, detail
REFUSALS: dict[type[Exception], Refusal] = {  # the general one last
    unreadable.LimitRequestLine: (HTTPStatus.REQUEST_URI_TOO_LONG, "uri_too_long", "The address is too long."),
    unreadable.LimitRequestHeaders: (
        HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE, "headers_too_large", "The headers are too many or too long.",
    ),
    unreadable.ExpectationFailed: (
        HTTPStatus.EXPECTATION_FAILED, "expectation_failed", "Nothing but 100-continue can be expected.",
    ),
    unreadable.UnsupportedTransferCoding: (
        HTTPStatus.NOT_IMPLEMENTED, "not_implemented", "This transfer coding is not known here.",
    ),
    unreadable.ParseException: (HTTPStatus.BAD_REQUEST, "parse_error", "This request cannot be read."),
}  # fmt: skip
OURS: Refusal = (HTTPStatus.INTERNAL_SERVER_ERROR, "error", "Something went wrong here. It has been noted.")


class Threads(ThreadWorker):
    def handle_error(self, req: Any, client: socket.socket, addr: Any, exc: BaseException) -> None:
        """Answers what could not be read, or what broke outside of the application; the connection closes then."""
        trace_id = str(trace.begin(trace.Trace()).id)
        status, code, detail = next((said for known, said in REFUSALS.items() if isinstance(exc, known)), OURS)
        facts = {"status": status, "code": code, "trace_id": trace_id, "ip_address": addr[0] if addr else ""}
        if code == "error":
            logger.error("Unexpected error in the web server", exc_info=exc, extra={"facts": facts})
        else:
            logger.warning("Request refused", extra={"facts": facts})
        with suppress(OSError):  # the client has gone
            client.sendall(_answer(status, code, detail, trace_id))


def _answer(status: HTTPStatus, code: str, detail: str, trace_id: str) -> bytes:
    from ats.errors import envelope  # it needs the application, which gunicorn loads after this class

    body = json.dumps(envelope(detail, code)).encode()
    head = (
        f"HTTP/1.1 {status.value} {status.phrase}\r\nConnection: close\r\nContent-Type: application/json\r\n"
        f"Content-Length: {len(body)}\r\nX-Trace-Id: {trace_id}\r\nCache-Control: no-store\r\n\r\n"
    )
    return head.encode() + body
