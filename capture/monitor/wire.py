"""HTTP as the uploader needs it: kept connections, a company's proxy and CA, no redirects, small answers."""

from __future__ import annotations

import base64
import contextlib
import http.client
import json
import os
import ssl
import sys
import urllib.parse
from collections.abc import Callable, Iterator
from functools import lru_cache

TIMEOUT = 30
BLOCK = 65536
ANSWER_LIMIT = 10**6


class Away(Exception):
    """No proper answer came: no network, a time-out, a cut connection, or a page that is not ours."""


class Answer:
    """Status, lower-case headers, and the body as JSON object (empty when it is none)."""

    def __init__(self, response: http.client.HTTPResponse) -> None:
        self.status = response.status
        self.headers = {name.lower(): value for name, value in response.getheaders()}
        try:
            body = json.loads(response.read(ANSWER_LIMIT).decode("utf-8"))
        except ValueError:
            body = None
        self.body = body if isinstance(body, dict) else {}

    @property
    def retry_after(self) -> float | None:
        """Seconds the server asks for; None when it does not say or says it as a date."""
        text = self.headers.get("retry-after", "")
        return float(text) if text.isdigit() else None

    @property
    def words(self) -> str:
        """The server's reason, short, with the faulty fields."""
        fields = "; ".join(
            key + ": " + " ".join(map(str, value if isinstance(value, list) else [value]))
            for key, value in sorted(dict(self.body.get("errors") or {}).items())
        )
        said = fields or str(self.body.get("detail") or "")
        return ("HTTP %d " % self.status + said).strip()[:300]


class Wire:
    """One user of connections, one kept per host. Not for two threads at once."""

    def __init__(self, ca_file: str = "", proxy: str = "", timeout: float = TIMEOUT) -> None:
        self._ca_file, self._proxy, self._timeout = ca_file, proxy, timeout
        self._kept: dict[tuple[str, str], http.client.HTTPConnection] = {}

    def send(
        self,
        method: str,
        url: str,
        headers: dict[str, str],
        body: bytes | Callable[[], Iterator[bytes]] = b"",
        size: int | None = None,
    ) -> Answer:
        """One call; `body` is bytes, or a function that gives an iterator over exactly `size` bytes.

        Raises Away. A kept connection that the other side closed meanwhile is replaced once.
        """
        parts = urllib.parse.urlsplit(url)
        place = (parts.scheme, parts.netloc)
        kept = self._kept.pop(place, None)
        if kept:
            try:
                return self._ask(kept, place, method, parts, headers, body, size)
            except Away:
                kept.close()
        return self._ask(self._connect(parts), place, method, parts, headers, body, size)

    def post(self, url: str, token: str, payload: dict) -> Answer:
        """A JSON call to our own server, the only one that ever carries the token."""
        headers = {"Authorization": "Bearer " + token, "Content-Type": "application/json", "Accept": "application/json"}
        return self.send("POST", url, headers, json.dumps(payload).encode())

    def close(self) -> None:
        """Closes every kept connection."""
        while self._kept:
            self._kept.popitem()[1].close()

    def _ask(self, connection, place, method, parts, headers, body, size):
        target = urllib.parse.urlunsplit(("", "", parts.path or "/", parts.query, ""))
        if connection.plain_proxy:
            target = parts.scheme + "://" + parts.netloc + target
        headers = dict(headers, **{"Content-Length": str(len(body) if size is None else size)})
        done = False
        try:
            with contextlib.suppress(BrokenPipeError, ConnectionResetError):
                # a store that refuses early answers before it has read all
                connection.request(method, target, body() if callable(body) else body, headers)
            response = connection.getresponse()
            answer = Answer(response)
            done = response.isclosed() and not response.will_close
        except (OSError, http.client.HTTPException) as error:
            raise Away(_why(error)) from error
        finally:
            if done:
                self._kept[place] = connection
            else:
                connection.close()
        return answer

    def _connect(self, parts):
        secure = parts.scheme == "https"
        kind, options = http.client.HTTPConnection, {"timeout": self._timeout, "blocksize": BLOCK}
        if secure:
            kind, options["context"] = http.client.HTTPSConnection, _tls(self._ca_file)
        proxy = urllib.parse.urlsplit(self._proxy_for(parts))
        try:
            if not proxy.hostname:
                connection = kind(parts.hostname, parts.port, **options)
            else:
                connection = kind(proxy.hostname, proxy.port or 8080, **options)
                if secure:
                    connection.set_tunnel(parts.hostname, parts.port or 443, _proxy_login(proxy))
        except (ValueError, http.client.HTTPException) as error:
            raise Away("the address of the server or proxy is wrong") from error
        connection.plain_proxy = bool(proxy.hostname) and not secure
        return connection

    def _proxy_for(self, parts):
        if self._proxy:
            return self._proxy
        if sys.platform not in ("win32", "darwin") and not any(name.lower().endswith("_proxy") for name in os.environ):
            return ""
        from urllib.request import getproxies, proxy_bypass  # 1 MB that most desks never need

        return "" if proxy_bypass(parts.netloc) else getproxies().get(parts.scheme, "")


@lru_cache(maxsize=1)
def _tls(ca_file):
    """The system's certificates and the company's, read once for all connections."""
    try:
        context = ssl.create_default_context()
        if ca_file:
            context.load_verify_locations(ca_file)
    except OSError as error:
        raise Away("ca_file cannot be used: " + type(error).__name__) from error
    return context


def _why(error):
    if isinstance(error, ssl.SSLCertVerificationError):
        return "its certificate is not trusted (set ca_file?)"
    if isinstance(error, TimeoutError) or "timed out" in str(error):
        return "no answer in time"
    return "cannot be reached: " + type(error).__name__


def _proxy_login(proxy):
    if not proxy.username:
        return {}
    login = urllib.parse.unquote(proxy.username) + ":" + urllib.parse.unquote(proxy.password or "")
    return {"Proxy-Authorization": "Basic " + base64.b64encode(login.encode()).decode()}
