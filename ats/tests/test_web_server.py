"""What the web server refuses by itself, before anything of ours hears of it."""

from __future__ import annotations

import json
import socket
from http.client import HTTPConnection, HTTPResponse

import pytest

from ats.tests.house import wait_for

HOST = b"Host: localhost\r\n"


def answer_to(system, sent: bytes) -> tuple[HTTPResponse, bytes]:
    with socket.create_connection(("127.0.0.1", system.port), timeout=10) as wire:
        wire.sendall(sent)
        answer = HTTPResponse(wire)
        answer.begin()
        return answer, answer.read()


@pytest.mark.parametrize(
    ("sent", "status", "code"),
    [
        (b"GET /%b HTTP/1.1\r\n%b\r\n" % (b"a" * 5000, HOST), 414, "uri_too_long"),
        (b"GET / HTTP/1.1\r\n%bX-Long: %b\r\n\r\n" % (HOST, b"a" * 9000), 431, "headers_too_large"),
        (b"GET / HTTP/1.1\r\n%b%b\r\n" % (HOST, b"X-One: 1\r\n" * 200), 431, "headers_too_large"),
        (b"GET / HTTP/1.1\r\n%bNo colon\r\n\r\n" % HOST, 400, "parse_error"),
        (b"\x16\x03\x01 no HTTP at all\r\n\r\n", 400, "parse_error"),
        (
            b"POST /upload/request HTTP/1.1\r\n%bContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n{}" % HOST,
            400,
            "parse_error",
        ),
        (b"GET / HTTP/1.1\r\n%bTransfer-Encoding: unheard-of\r\n\r\n" % HOST, 501, "not_implemented"),
    ],
    ids=["address", "header", "headers", "no header", "no HTTP", "two lengths", "coding"],
)
def test_what_cannot_be_read_is_refused_in_the_envelope(running_system, sent, status, code):
    answer, text = answer_to(running_system, sent)
    body = json.loads(text)
    assert (answer.status, answer.headers["Content-Type"]) == (status, "application/json")
    assert body == {
        "detail": body["detail"],
        "message": body["detail"],
        "code": code,
        "errors": {},
        "trace_id": answer.headers["X-Trace-Id"],
    }
    assert "<" not in body["detail"]
    wait_for(lambda: body["trace_id"] in running_system.words)  # the console is a step behind


def test_it_goes_on_answering(running_system):
    answer_to(running_system, b"\0" * 100 + b"\r\n\r\n")
    answer, _ = answer_to(running_system, b"GET /healthz HTTP/1.1\r\n%bConnection: close\r\n\r\n" % HOST)
    assert answer.status == 200


@pytest.mark.parametrize(("token", "status"), [("nonsense", 401), ("", 404)])
def test_who_sends_much_and_is_refused_hears_why_and_the_connection_goes_on(running_system, token, status):
    form = b'--b\r\nContent-Disposition: form-data; name="%b"%b\r\n\r\n%b\r\n'
    body = form % (b"upload_id", b"", b"00000000-0000-0000-0000-000000000000") + form % (b"chunk_index", b"", b"0")
    body += form % (b"chunk", b'; filename="chunk"', bytes(5 * 2**20)) + b"--b--\r\n"
    headers = {"Authorization": f"Bearer {token or running_system.token}"}
    wire = HTTPConnection("127.0.0.1", running_system.port, timeout=20)
    for _ in range(3):
        wire.request(
            "POST", "/api/chunked-upload/chunk", body, {**headers, "Content-Type": "multipart/form-data; boundary=b"}
        )
        answer = wire.getresponse()
        assert (answer.status, json.loads(answer.read())["errors"]) == (status, {})
        wire.request("GET", "/healthz")
        answer = wire.getresponse()
        assert (answer.status, answer.read() != b"") == (200, True)
    wire.close()
