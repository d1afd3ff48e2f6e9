"""HTTP on the wire: what servers and proxies may say, and what they must not get away with."""

import base64
import contextlib
import shutil
import socket
import threading

import http1
import pytest
import wire

from .far_side import FarSide, with_tls

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}"


class Scripted:
    """A server that says the given bytes, one piece for each request it reads, and remembers the requests."""

    def __init__(self, *pieces):
        self.pieces, self.heard = list(pieces), []
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self.listener.getsockname()[1]}"
        threading.Thread(target=self.serve, daemon=True).start()

    def serve(self):
        while self.pieces:
            with contextlib.suppress(OSError):
                connection, _ = self.listener.accept()
                with connection, connection.makefile("rb") as file:
                    self.answer(connection, file)

    def answer(self, connection, file):
        while self.pieces:
            head = []
            for line in iter(file.readline, b"\r\n"):
                if not line:
                    return
                head.append(line.decode().rstrip())
            length = [line.split()[1] for line in head if line.startswith("Content-Length:")]
            self.heard.append((head, file.read(int(length[0])) if length else b""))
            piece = self.pieces.pop(0)
            connection.sendall(piece)
            if piece.startswith(b"!") or b"close" in piece.lower() or b"Length" not in piece:
                return


def ask(*pieces, proxy=""):
    server = Scripted(*pieces)
    line = wire.Wire(proxy=proxy, timeout=5)
    answers = [line.post(server.url + "/api/x", "token", {"n": number}) for number in range(len(pieces))]
    line.close()
    return server, answers


def test_a_connection_is_kept_for_the_next_call():
    server, answers = ask(OK, OK)
    assert [answer.status for answer in answers] == [200, 200]
    assert [body for _, body in server.heard] == [b'{"n": 0}', b'{"n": 1}']
    head = server.heard[0][0]
    assert head[0] == "POST /api/x HTTP/1.1"
    assert set(head[1:]) == {
        "Authorization: Bearer token",
        "Content-Type: application/json",
        "Accept: application/json",
        "Host: " + server.url[len("http://") :],
        "Content-Length: 8",
    }


@pytest.mark.parametrize(
    "said",
    [
        b'HTTP/1.1 201 Created\r\ncontent-length: 8\r\n\r\n{"a": 1}',
        b'HTTP/1.1 201\r\nContent-Length: 8\r\n\r\n{"a": 1}',
        b'HTTP/1.0 201 Created\r\n\r\n{"a": 1}',
        b'HTTP/1.1 201 Created\nConnection: close\n\n{"a": 1}',
        b'HTTP/1.1 201 Created\r\nTransfer-Encoding: chunked\r\n\r\n3;x=y\r\n{"a\r\n5\r\n": 1}\r\n0\r\nX: y\r\n\r\n',
        b'HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\nHTTP/1.1 201 Created\r\nContent-Length: 8\r\n\r\n{"a": 1}',
    ],
)
def test_every_way_to_end_an_answer_is_understood(said):
    _, (answer,) = ask(said)
    assert (answer.status, answer.body) == (201, {"a": 1})


@pytest.mark.parametrize(
    ("said", "why"),
    [
        (b"!", "the answer is not HTTP|cut off"),
        (b"SSH-2.0-OpenSSH\r\n", "the answer is not HTTP"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 80\r\nConnection: close\r\n\r\n{}", "the answer was cut off"),
        (b"HTTP/1.1 200 OK\r\nX: y\r\n", "the answer was cut off"),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nab", "the answer was cut off"),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", "the answer is not HTTP"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: -5\r\n\r\n", "the answer is too long"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 99999999999\r\n\r\n", "the answer is too long"),
        (b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 200 + b"\r\n", "too many headers"),
        (b"HTTP/1.1 200 OK\r\nX: " + b"y" * 99999 + b"\r\n\r\n", "the answer was cut off"),
    ],
)
def test_what_is_no_proper_answer_is_away(said, why):
    with pytest.raises(wire.Away, match=why):
        ask(said)


def test_a_kept_connection_that_the_server_has_closed_is_replaced_unseen():
    server = Scripted(OK, b"!", OK)
    line = wire.Wire(timeout=5)
    assert line.post(server.url + "/1", "token", {}).status == 200
    assert line.post(server.url + "/2", "token", {}).status == 200
    assert [head[0].split()[1] for head, _ in server.heard] == ["/1", "/2", "/2"]


def test_a_server_that_says_nothing_is_given_up():
    with socket.create_server(("127.0.0.1", 0)) as silent, pytest.raises(wire.Away, match="no answer in time"):
        wire.Wire(timeout=0.2).post(f"http://127.0.0.1:{silent.getsockname()[1]}/", "token", {})


def test_a_plain_proxy_is_asked_for_the_whole_address_and_told_who_we_are():
    proxy = Scripted(OK)
    wire.Wire(proxy=proxy.url.replace("//", "//asha:p%40ss@")).post("http://ats.test/api/x", "token", {})
    head = proxy.heard[0][0]
    assert head[0] == "POST http://ats.test/api/x HTTP/1.1"
    assert "Host: ats.test" in head
    assert "Proxy-Authorization: Basic " + base64.b64encode(b"asha:p@ss").decode() in head


def test_for_tls_a_proxy_is_asked_for_a_tunnel_and_never_sees_the_token():
    proxy = Scripted(b"HTTP/1.1 407 Who are you\r\nConnection: close\r\n\r\n")
    with pytest.raises(wire.Away, match="the proxy answers HTTP 407"):
        wire.Wire(proxy=proxy.url).post("https://ats.test/api/x", "secret-token", {})
    assert proxy.heard[0][0] == ["CONNECT ats.test:443 HTTP/1.1", "Host: ats.test:443"]


def test_the_systems_proxy_is_used_but_for_addresses_it_leaves_out(monkeypatch):
    proxy = Scripted(OK)
    monkeypatch.setenv("http_proxy", proxy.url)
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    assert wire.Wire().post("http://ats.test/api/x", "token", {}).status == 200
    assert len(proxy.heard) == 1
    assert len(ask(OK)[0].heard) == 1


@pytest.mark.skipif(not shutil.which("openssl"), reason="there is no openssl to make a certificate")
def test_only_a_trusted_certificate_for_this_very_host_is_spoken_to(tmp_path):
    with FarSide() as server:
        ca_file = with_tls(server, tmp_path)
        door = server.url + "/api/cv-capture/check"
        assert wire.Wire(ca_file).post(door, server.token, {"sha256": []}).body == {"known": []}
        for line, other in ((wire.Wire(), door), (wire.Wire(ca_file), door.replace("127.0.0.1", "localhost"))):
            with pytest.raises(wire.Away, match="its certificate is not trusted"):
                line.post(other, server.token, {"sha256": []})
        assert len(server.calls) == 1
        with pytest.raises(wire.Away, match="ca_file cannot be used: FileNotFoundError"):
            wire.Wire(str(tmp_path / "none")).post(door, server.token, {})


@pytest.mark.parametrize("header", ["a\r\nX-Forged: y", "a\x00", "é"])
def test_no_header_can_be_smuggled_in(header):
    server = Scripted(OK)
    with pytest.raises(wire.Away, match="a header cannot be sent"):
        wire.Wire().send("PUT", server.url + "/x", {"Content-Type": header}, 0, list)


@pytest.mark.parametrize(
    ("url", "parts"),
    [
        ("https://ats.test/api", ("https", "ats.test", 443, "/api", "ats.test")),
        ("HTTP://ats.test:8000", ("http", "ats.test", 8000, "/", "ats.test:8000")),
        ("http://u:p@[::1]:80/a?b=c&d=%20", ("http", "[::1]", 80, "/a?b=c&d=%20", "[::1]:80")),
        ("http://ats.test?x=1", ("http", "ats.test", 80, "/?x=1", "ats.test")),
        ("https://bücher.test/x", ("https", "xn--bcher-kva.test", 443, "/x", "xn--bcher-kva.test")),
    ],
)
def test_the_parts_of_an_address(url, parts):
    found = http1.Address(url)
    assert (found.scheme, found.host, found.port, found.target, found.place) == parts


@pytest.mark.parametrize(
    "url", ["", "ftp://a/", "http://", "http://a b/", "http://a/\r\nX: y", "http://[", "http://a:b/", "file:///etc"]
)
def test_what_is_no_address(url):
    with pytest.raises(wire.Away, match="address"):
        wire.Wire().post(url, "token", {})
