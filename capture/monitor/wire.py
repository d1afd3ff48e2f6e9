"""HTTP as the uploader needs it: kept connections, a company's proxy and CA, no redirects, small answers."""

from __future__ import annotations

import base64
import contextlib
import json
import os
import ssl
import sys
from collections.abc import Callable, Iterable
from functools import lru_cache

from http1 import Address, Connection, Garbled

TIMEOUT = 30
WHOLE_FOLDER = 50  # certificates


class Away(Exception):
    """No proper answer came: no network, a time-out, a cut connection, or a page that is not ours."""


class Answer:
    """Status, lower-case headers, and the body as JSON object (empty when it is none)."""

    def __init__(self, status: int, headers: dict[str, str], text: bytes) -> None:
        self.status, self.headers = status, headers
        try:
            body = json.loads(text.decode("utf-8"))
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
        self._kept: dict[tuple[str, str], Connection] = {}

    def send(
        self, method: str, url: str, headers: dict[str, str], size: int, body: Callable[[], Iterable[bytes]]
    ) -> Answer:
        """One call; `body` gives blocks of together exactly `size` bytes, anew each time it is called.

        Raises Away. A kept connection that the other side closed meanwhile is replaced once.
        """
        try:
            address, proxy = Address(url), self._proxy_for(url)
        except ValueError as error:
            raise Away("the address of the server or proxy is wrong") from error
        headers = dict(headers, **{"Host": address.place, "Content-Length": str(size)})
        target = address.target
        if proxy and address.scheme == "http":
            headers.update(_login(proxy))
            target = "http://" + address.place + target
        place = (address.scheme, address.place)
        if place in self._kept:
            with contextlib.suppress(Away):
                return self._ask(self._kept.pop(place), place, method, target, headers, body())
        return self._ask(self._connect(address, proxy), place, method, target, headers, body())

    def post(self, url: str, token: str, payload: dict) -> Answer:
        """A JSON call to our own server, the only one that ever carries the token."""
        headers = {"Authorization": "Bearer " + token, "Content-Type": "application/json", "Accept": "application/json"}
        text = json.dumps(payload).encode()
        return self.send("POST", url, headers, len(text), lambda: [text])

    def close(self) -> None:
        """Closes every kept connection."""
        while self._kept:
            self._kept.popitem()[1].close()

    def _ask(self, connection, place, *call):
        try:
            answer = Answer(*connection.ask(*call))
        except (OSError, Garbled) as error:
            raise Away(_why(error)) from error
        finally:
            if connection.reusable:
                self._kept[place] = connection
            else:
                connection.close()
        return answer

    def _connect(self, address, proxy):
        first = proxy or address
        try:
            connection = Connection(first.host, first.port, self._timeout)
            if address.scheme == "https":
                if proxy:
                    connection.tunnel("%s:%d" % (address.host, address.port), _login(proxy))
                connection.secure(_tls(self._ca_file), address.host)
        except (OSError, Garbled) as error:
            raise Away(_why(error)) from error
        return connection

    def _proxy_for(self, url):
        if self._proxy:
            return Address(self._proxy)
        if sys.platform not in ("win32", "darwin") and not any(name.lower().endswith("_proxy") for name in os.environ):
            return None
        from urllib.request import getproxies, proxy_bypass  # 1 MB that most desks never need

        address = Address(url)
        named = "" if proxy_bypass(address.place) else getproxies().get(address.scheme, "")
        return Address(named if "://" in named else "http://" + named) if named else None


@lru_cache(maxsize=1)
def _tls(ca_file):
    """The system's certificates and the company's, read once for all connections."""
    try:
        context = ssl.create_default_context(capath=_certificates())
        if ca_file:
            context.load_verify_locations(ca_file)
    except OSError as error:
        raise Away("ca_file cannot be used: " + type(error).__name__) from error
    return context


def _certificates():
    """The system's folder of certificates, of which only the one that is asked for is read; None for its bundle.

    To read a bundle of 140 costs as much processor time as all the rest of a heartbeat. A folder of a few is no bundle:
    somebody's own lie there beside it.
    """
    places = ssl.get_default_verify_paths()
    try:
        count = sum(name.endswith(".0") for name in os.listdir(places.capath or ""))
    except OSError:
        return None
    return places.capath if count >= WHOLE_FOLDER and places.openssl_cafile_env not in os.environ else None


def _why(error):
    if isinstance(error, Garbled):
        return str(error)
    if isinstance(error, ssl.SSLCertVerificationError):
        return "its certificate is not trusted (set ca_file?)"
    if isinstance(error, TimeoutError) or "timed out" in str(error):
        return "no answer in time"
    return "cannot be reached: " + type(error).__name__


def _login(proxy):
    if not proxy.login:
        return {}
    from urllib.parse import unquote_to_bytes

    return {"Proxy-Authorization": "Basic " + base64.b64encode(unquote_to_bytes(proxy.login)).decode()}
