"""One JSON request over HTTP with a deadline for the whole exchange, a limit on its size, and no redirects."""

from __future__ import annotations

import contextlib
import http.client
import json
import socket
import threading
from typing import Any
from urllib.parse import urlsplit

MAX_REPLY = 2**20
MAX_RETRY_AFTER = 10.0


class ServiceDown(Exception):
    """The service gave no usable reply. `final` says that trying again is of no use."""

    def __init__(self, reason: str, *, final: bool = False, retry_after: float = 0.0):
        super().__init__(reason)
        self.final, self.retry_after = final, retry_after


def post_json(url: str, body: dict[str, Any], key: str, timeout: float) -> Any:
    """The decoded reply to a POST. `timeout` in seconds bounds connecting, then all the rest, also a dripping reply."""
    parts = urlsplit(url)
    kind = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
    connection = kind(parts.hostname or "", parts.port, timeout=timeout)
    deadline = threading.Timer(timeout, lambda: _cut(held))
    held: list[socket.socket] = []
    try:
        connection.connect()
        held.append(connection.sock)  # the connection itself lets go of it as soon as the reply begins
        deadline.start()
        headers = {"Content-Type": "application/json"} | ({"Authorization": f"Bearer {key}"} if key else {})
        connection.request("POST", parts.path or "/", json.dumps(body).encode(), headers)
        return _decoded(connection.getresponse())
    except (OSError, http.client.HTTPException):
        raise ServiceDown("the service cannot be reached or is too slow") from None
    finally:
        deadline.cancel()
        connection.close()


def _cut(held: list[socket.socket]) -> None:
    """End a reply that drips: a socket's own time-out begins anew with every byte."""
    for sock in held:
        with contextlib.suppress(OSError):
            sock.shutdown(socket.SHUT_RDWR)


def _decoded(response: http.client.HTTPResponse) -> Any:
    raw = response.read(MAX_REPLY + 1)
    if response.status == 429 or response.status >= 500:
        raise ServiceDown(f"the service answered {response.status}", retry_after=_retry_after(response))
    if response.status != 200:
        raise ServiceDown(f"the service answered {response.status}", final=True)
    if len(raw) > MAX_REPLY:
        raise ServiceDown("the service's answer is too long", final=True)
    try:
        return json.loads(raw)
    except (ValueError, RecursionError):
        raise ServiceDown("the service's answer is no JSON") from None


def _retry_after(response: http.client.HTTPResponse) -> float:
    stated = response.headers.get("Retry-After", "")
    return min(float(stated), MAX_RETRY_AFTER) if stated.isdigit() else 0.0
