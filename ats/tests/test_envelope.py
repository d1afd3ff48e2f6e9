"""Every error of every door is one shape of JSON; a body is small, flat and what its header says."""

from __future__ import annotations

import json
import uuid

import pytest
from django.db import OperationalError
from django.test import RequestFactory

from ats import errors
from ats.tests.builders import CHECK, COMPLETE, METADATA, PRESIGN, REQUEST, Caller, assert_envelope
from uploads.models import Document

pytestmark = pytest.mark.django_db
DOORS = [PRESIGN, METADATA, CHECK, REQUEST, COMPLETE, "/api/chunked-upload/init"]
FORM = "application/x-www-form-urlencoded"


@pytest.fixture(params=DOORS)
def door(request):
    return request.param


def nested(levels):
    return '{"a":' * (levels - 1) + "{}" + "}" * (levels - 1)


# --- Bodies -----------------------------------------------------------------------------------------------------------

NO_JSON = [
    *(b"{", b"\xff\xfe", b'{"a": "\xff"}', b"[" * 30_000, b"nothing", b"{'a': 1}", b'{"a": NaN}', b'{"a": Infinity}'),
    *(b'{"a": 1}{"b": 2}', b'\xef\xbb\xbf{"a": 1}', b"{" * 500 + b'"a":' + b"1" * 5000, b'{"a": ' + b"9" * 5000 + b"}"),
]


@pytest.mark.parametrize("body", NO_JSON)
def test_what_is_not_json_is_a_clear_400(api, door, body):
    assert_envelope(api.post(door, body), 400)


def test_an_empty_body_lacks_every_field(api, door):
    assert assert_envelope(api.post(door, b""), 422)["errors"]


@pytest.mark.parametrize("body", ["[]", '"text"', "3", "null", "true"])
def test_json_that_is_no_object_is_refused(api, door, body):
    assert_envelope(api.post(door, body), 400)


def test_twenty_levels_are_deep_enough(api, door):
    assert api.post(door, nested(20)).status_code == 422
    assert "nested" in assert_envelope(api.post(door, nested(21)), 400)["detail"]
    assert_envelope(api.post(door, '{"a":' + "[" * 20 + "]" * 20 + "}"), 400)
    assert_envelope(api.post(door, nested(2000)), 400)


def test_a_body_may_have_128_kilobytes(api, door):
    def body(size):
        return '{"a": "' + "x" * (size - 9) + '"}'

    assert len(body(128 * 1024)) == 128 * 1024
    assert api.post(door, body(128 * 1024)).status_code == 422
    assert_envelope(api.post(door, body(128 * 1024 + 1)), 413, "body_too_large")
    assert_envelope(api.post(door, "a=" + "x" * 128 * 1024, content_type=FORM), 413)


OTHER_TYPES = ["application/xml", "text/plain", "multipart/mixed", "application/octet-stream", "x"]


@pytest.mark.parametrize("content_type", OTHER_TYPES)
def test_an_unknown_media_type_is_415(api, door, content_type):
    assert_envelope(api.post(door, b"<a/>", content_type=content_type), 415, "unsupported_media_type")


def test_json_under_the_header_of_a_form_is_told_so(api, door):
    body = assert_envelope(api.post(door, '{"file_name": "a.pdf"}', content_type=FORM), 422)
    assert "JSON" in body["detail"]
    assert FORM in body["detail"]
    assert body["errors"] == {}


def test_a_form_under_the_header_of_json_is_told_so(api, door):
    body = assert_envelope(api.post(door, "file_name=a.pdf&file_size=3"), 422)
    assert "a form" in body["detail"]
    assert "application/json" in body["detail"]


@pytest.mark.parametrize("body", [b"file_name=\xff.pdf", b"file_name=%FF.pdf", b"file_name=%ED%A0%80.pdf"])
def test_a_form_that_is_not_utf_8_is_a_400(api, door, body):
    assert_envelope(api.post(door, body, content_type=FORM), 400)


@pytest.mark.parametrize(
    "content_type", ["application/json; charset=utf-8", "Application/JSON", "application/json;x=y"]
)
def test_a_header_may_say_more(api, content_type):
    assert_envelope(api.post(PRESIGN, "{}", content_type=content_type), 422)


def test_a_field_that_is_named_twice_counts_once(api, cv):
    body = json.dumps(cv.presign())[:-1] + ', "source": "elsewhere"}'
    assert_envelope(api.post(PRESIGN, body), 422, field="source")


# --- One shape --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("accept", ["text/html", "*/*", "application/xml", "image/png;q=0.1", "nonsense"])
def test_errors_are_json_whatever_the_client_accepts(api, door, accept):
    assert_envelope(api.post(door, {}, headers={"accept": accept}), 422)


def test_a_lone_fault_is_the_detail_and_several_are_listed(api, cv):
    one = assert_envelope(api.post(PRESIGN, cv.presign(file_size=0)), 422)
    assert one["errors"]["file_size"][0] in one["detail"]
    several = assert_envelope(api.post(PRESIGN, cv.presign(file_size=0, source="x")), 422)
    assert several["detail"] == "These fields are at fault: file_size, source."


@pytest.mark.parametrize(
    "path", ["/api/cv-capture/no-such-thing", "/upload/nonsense", "/nowhere", "/api/", "/upload/x/y"]
)
def test_an_unknown_path_is_a_404(api, anonymous, path):
    for caller in (api, anonymous):
        assert_envelope(caller.get(path), 404, "not_found")


def test_the_wrong_method_is_a_405(api, door):
    for call in (api.get, api.delete, api.put, api.patch):
        response = call(door)
        assert response.status_code == 405 or door == "/api/chunked-upload/init"
        if response.status_code == 405:
            assert_envelope(response, 405, "method_not_allowed")


def test_a_slash_at_the_end_changes_nothing(api, door):
    plain, slashed = api.post(door, {}), api.post(f"{door}/", {})
    assert assert_envelope(plain, 422)["errors"] == assert_envelope(slashed, 422)["errors"]


def test_nothing_unexpected_leaves_in_an_error(api, cv, monkeypatch):
    def fails(*_, **__):
        raise RuntimeError("SELECT secret FROM /etc/passwd")

    monkeypatch.setattr(Document.objects, "promise", fails)
    response = api.post(PRESIGN, cv.presign())
    body = assert_envelope(response, 500, "error")
    assert body["detail"] == "Something went wrong here. It has been noted."
    assert "passwd" not in response.content.decode()


def test_a_database_that_does_not_answer_is_a_503_with_a_time_to_wait(api, cv, monkeypatch):
    def fails(*_, **__):
        raise OperationalError("connection to server at 10.0.0.1 failed")

    monkeypatch.setattr(Document.objects, "promise", fails)
    response = api.post(PRESIGN, cv.presign())
    body = assert_envelope(response, 503, "database_unavailable")
    assert int(response["Retry-After"]) > 0
    assert "10.0.0.1" not in body["detail"]


def test_errors_outside_of_the_doors_have_the_same_shape(client, settings):
    put = client.put("/store/documents/x.pdf?expires=1&length=1&signature=x", b"x")
    assert_envelope(put, 404 if settings.S3_BUCKET else 403)
    assert_envelope(client.get("/", headers={"host": "evil.example"}), 400)


def test_the_last_resort_has_the_same_shape():
    response = errors.server_error(RequestFactory().get("/"))
    assert set(json.loads(response.content)) == {"detail", "message", "code", "errors", "trace_id"}


def test_a_trace_id_goes_with_every_answer(api, anonymous, cv):
    for response in (api.post(PRESIGN, cv.presign()), anonymous.get("/healthz"), anonymous.get("/nowhere")):
        assert uuid.UUID(response["X-Trace-Id"])


def test_a_browser_without_its_csrf_token_is_told_so_in_json(api, cv):
    browser = Caller(enforce_csrf_checks=True)
    browser.force_login(api.user, backend="django.contrib.auth.backends.ModelBackend")
    assert_envelope(browser.post(PRESIGN, cv.presign()), 403)
