"""One kept HTTP/1.1 connection (RFC 9112). `http.client` reads headers with the e-mail package: 2 MB of memory."""

from __future__ import annotations

import contextlib
import re
import socket
from collections.abc import Iterable

LINE_LIMIT, HEADERS_LIMIT, BODY_LIMIT = 65536, 100, 10**6
ADDRESS = re.compile(
    r"(https?)://(?:([^/?#@\s]*)@)?(\[[0-9a-f:.]+\]|[^][/?#@:\s]+)(?::(\d{1,5}))?([/?][!-\"$-~]*)?", re.IGNORECASE
)


class Garbled(Exception):
    """The other side ended too early, or does not speak HTTP."""


class Address:
    """The parts of an http or https URL: `scheme`, `login`, `host`, `port`, `target`. Raises ValueError."""

    def __init__(self, url: str) -> None:
        found = ADDRESS.fullmatch(url)
        if not found:
            raise ValueError("not an http address")
        scheme, self.login, host, port, target = found.groups("")
        self.scheme = scheme.lower()
        self.host = (host if host.isascii() else host.encode("idna").decode()).lower()
        self.port = int(port or (443 if self.scheme == "https" else 80))
        self.target = target if target.startswith("/") else "/" + target
        self.place = self.host + (":" + port if port else "")


class Connection:
    """To `host` (a bracketed IPv6 address or a name). Raises OSError; `timeout` in seconds for each read and write."""

    def __init__(self, host: str, port: int, timeout: float) -> None:
        self._use(socket.create_connection((_bare(host), port), timeout))
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.reusable = False

    def _use(self, connected):
        self._socket, self._file = connected, connected.makefile("rb")

    def secure(self, context, host: str) -> None:
        """Goes on inside TLS, with a certificate for `host`."""
        self._use(context.wrap_socket(self._socket, server_hostname=_bare(host)))

    def tunnel(self, place: str, headers: dict[str, str]) -> None:
        """Lets a proxy connect us to `place` (host:port)."""
        self._send("CONNECT", place, dict(headers, Host=place), ())
        status, _ = self._head()
        if status != 200:
            raise Garbled("the proxy answers HTTP %d" % status)

    def ask(
        self, method: str, target: str, headers: dict[str, str], body: Iterable[bytes]
    ) -> tuple[int, dict[str, str], bytes]:
        """Status, headers (names in lower case) and at most a megabyte of body. Raises Garbled and OSError."""
        self.reusable = False
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):
            # a store that refuses early answers before it has read all
            self._send(method, target, headers, body)
        status, found = self._head()
        while 100 <= status < 200:
            status, found = self._head()
        text, ended = self._body(status, found)
        self.reusable = ended and "close" not in found.get("connection", "").lower()
        return status, found, text

    def close(self) -> None:
        """Ends it."""
        self._file.close()
        self._socket.close()

    def _send(self, method, target, headers, body):
        lines = ["%s %s HTTP/1.1" % (method, target), *map("%s: %s".__mod__, headers.items())]
        if not all(line.isascii() and line.isprintable() for line in lines):
            raise Garbled("a header cannot be sent")
        blocks = iter(body)
        self._socket.sendall("".join(line + "\r\n" for line in [*lines, ""]).encode() + next(blocks, b""))
        for block in blocks:
            self._socket.sendall(block)

    def _line(self):
        line = self._file.readline(LINE_LIMIT)
        if not line.endswith(b"\n"):
            raise Garbled("the answer was cut off")
        return line.rstrip(b"\r\n").decode("latin-1")

    def _head(self):
        version, _, rest = self._line().partition(" ")
        if not version.startswith("HTTP/1.") or not rest[:3].isdecimal():
            raise Garbled("the answer is not HTTP")
        return int(rest[:3]), self._headers()

    def _headers(self):
        found = {}
        for _ in range(HEADERS_LIMIT):
            line = self._line()
            if not line:
                return found
            name, _, value = line.partition(":")
            found[name.lower()] = value.strip()
        raise Garbled("the answer has too many headers")

    def _body(self, status, headers):
        """The body, and whether its end was told rather than shown by closing."""
        if status in (204, 304):
            return b"", True
        if "transfer-encoding" in headers:
            return self._chunks(), True
        if "content-length" in headers:
            return self._exactly(_size(headers["content-length"], 10)), True
        return self._file.read(BODY_LIMIT), False

    def _chunks(self):
        found = b""
        while len(found) <= BODY_LIMIT:
            size = _size(self._line().partition(";")[0], 16)
            if not size:
                self._headers()
                return found
            found += self._exactly(size)
            self._line()
        raise Garbled("the answer is too long")

    def _exactly(self, size):
        found = self._file.read(size)
        if len(found) < size:
            raise Garbled("the answer was cut off")
        return found


def _bare(host):
    return host.strip("[]").encode()  # as bytes: for a text Python would load the tables of IDNA


def _size(text, base):
    try:
        size = int(text, base)
    except ValueError as error:
        raise Garbled("the answer is not HTTP") from error
    if not 0 <= size <= BODY_LIMIT:
        raise Garbled("the answer is too long")
    return size
