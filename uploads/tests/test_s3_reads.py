"""What a store may answer instead of the object: only its own word that there is none means that there is none."""

from __future__ import annotations

import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from uploads.errors import ObjectMissing, StoreUnavailable
from uploads.s3 import S3Store

FOUND = {"ETag": '"e"', "Last-Modified": "Fri, 20 Nov 2026 14:48:39 GMT", "x-amz-version-id": "v1"}
CHECKSUM = {"x-amz-checksum-sha256": "ungWv48Bz+pBQUDeXa4iI7ADYaOWF3qctBD/YfIAFa0="}  # of b"abc"
ABC = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"


@pytest.fixture
def answering(settings):
    """`answering(status, body, headers)` is a store that answers so, whatever it is asked, and remembers the asking."""
    asked, answers = [], []

    class Canned(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self):
            asked.append(self)
            status, body, headers = answers[-1]
            self.send_response(status)
            for name, value in {"Content-Length": str(len(body)), **headers}.items():
                self.send_header(name, value)
            self.end_headers()
            if self.command == "GET":
                self.wfile.write(body)
            self.close_connection = "Content-Length" in headers

        do_HEAD = do_GET

        def log_message(self, *_):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Canned)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    settings.S3_ENDPOINT_URL = f"http://127.0.0.1:{server.server_port}"
    settings.S3_BUCKET, settings.S3_ACCESS_KEY_ID, settings.S3_SECRET_ACCESS_KEY = "cvs", "access", "a secret"

    def answer(status, body=b"", headers=FOUND):
        answers.append((status, body, headers))
        return S3Store(), asked

    yield answer
    server.shutdown()
    server.server_close()


def code(word):
    return f'<?xml version="1.0"?><Error><Code>{word}</Code></Error>'.encode()


def test_one_request_tells_what_it_is_and_brings_its_bytes(answering):
    store, asked = answering(200, b"abc", FOUND | CHECKSUM)
    found, stream = store.fetch("a/cv.pdf")
    with stream:
        assert stream.read() == b"abc"
    assert (found.key, found.size, found.version, found.etag, found.sha256) == ("a/cv.pdf", 3, "v1", '"e"', ABC)
    assert [one.command for one in asked] == ["GET"]
    assert asked[0].headers["x-amz-checksum-mode"] == "ENABLED"


@pytest.mark.parametrize("extra", [{}, {"x-amz-checksum-type": "COMPOSITE"}])
def test_a_checksum_of_checksums_is_no_hash_of_the_file(answering, extra):
    composite = {"x-amz-checksum-sha256": CHECKSUM["x-amz-checksum-sha256"] + ("" if extra else "-2")}
    store, _ = answering(200, b"abc", FOUND | composite | extra)
    assert store.fetch("a/cv.pdf")[0].sha256 is None


def test_a_connection_serves_one_request_after_the_other(answering):
    store, asked = answering(200, b"abc")
    for _ in range(3):
        with store.fetch("a/cv.pdf")[1] as stream:
            stream.read()
        store.head("a/cv.pdf")
    assert len({one.client_address for one in asked}) == 1


@pytest.mark.parametrize("word", ["NoSuchKey", "NoSuchVersion"])
def test_what_the_store_says_is_not_there_is_not_there(answering, word):
    store, _ = answering(404, code(word), {})
    assert store.fetch("a/cv.pdf") is None
    assert store.head("a/cv.pdf") is None


def test_another_version_in_its_place_is_missing(answering):
    store, _ = answering(200, b"abc")
    found, _ = store.fetch("a/cv.pdf")
    answering(412, code("PreconditionFailed"), {})
    with pytest.raises(ObjectMissing):
        store.open(found)


@pytest.mark.parametrize(
    ("status", "body", "headers"),
    [
        (404, code("NoSuchBucket"), {}),
        (404, b"<html>No such page here</html>", {}),
        (403, code("AccessDenied"), {}),
        (500, code("InternalError"), {}),
        (503, code("SlowDown"), {}),
        (307, code("TemporaryRedirect"), {"Location": "http://127.0.0.1:1/elsewhere"}),
        (200, b"<html>Please sign in to this network</html>", {}),
    ],
)
def test_every_other_answer_is_a_store_that_is_away(answering, status, body, headers):
    store, asked = answering(status, body, headers)
    with pytest.raises(StoreUnavailable):
        store.fetch("a/cv.pdf")
    assert len(asked) == 1  # nobody was followed anywhere


def test_an_answer_that_ends_too_soon_is_never_a_shorter_file(answering):
    store, _ = answering(200, b"abc", FOUND | {"Content-Length": "5"})
    _, stream = store.fetch("a/cv.pdf")
    with stream, pytest.raises(StoreUnavailable):
        stream.read()
