"""The multipart body of a chunk: what is whole is taken, what was cut off is refused, nothing is copied."""

import io

import pytest
from django.test import Client, RequestFactory

from ats.tests.builders import assert_envelope
from uploads.chunked_body import BLOCK_BYTES, ChunkBody
from uploads.errors import IncompleteBody
from uploads.tests.chunks import BOUNDARY, DOOR, MULTIPART, begun, form, make_bytes, send_body, state
from uploads.wire import Wire

CONTENT = make_bytes(1000)


@pytest.fixture
def upload_id(api):
    return begun(api, CONTENT)


def whole(upload_id, piece=CONTENT, **facts):
    return form(("upload_id", upload_id), ("chunk_index", 0), ("chunk", piece), **facts)


def test_the_line_break_after_the_closing_boundary_may_be_missing(api, upload_id):
    assert send_body(api, whole(upload_id, end=b"--")).status_code == 200


def test_a_boundary_in_quotes_is_a_boundary(api, upload_id):
    quoted = f'multipart/form-data; charset=utf-8; boundary="{BOUNDARY}"'
    assert send_body(api, whole(upload_id), quoted).status_code == 200


def test_bytes_that_look_like_a_boundary_are_bytes(api):
    content = b"\r\n--" + BOUNDARY.encode() + b"--\r\n" + b"more"
    upload_id = begun(api, content)
    assert send_body(api, whole(upload_id, content)).status_code == 200


CUTS = [1, 20, 60, 100, 200, 300, 400, 500, 900, 1290, -1, -2, -3, -10]


@pytest.mark.parametrize("cut", CUTS)
def test_a_body_cut_off_is_refused_whole(api, upload_id, cut):
    """As a proxy sends it that has buffered what came of a broken request: the length is that of the rest."""
    body = whole(upload_id, end=b"--")
    body = body[:cut]
    assert_envelope(send_body(api, body), 400, "incomplete_body")
    assert state(api, upload_id)["received"] == []


@pytest.mark.parametrize("cut", CUTS)
def test_a_client_that_goes_away_is_refused_whole(api, upload_id, cut):
    """The length is that of the whole; the bytes end early."""
    body = whole(upload_id)
    arrived = io.BytesIO(body[:cut] if cut > 0 else body[: cut - 2])
    response = send_body(api, body, **{"wsgi.input": arrived})
    assert_envelope(response, 400, "incomplete_body")
    assert state(api, upload_id)["received"] == []


@pytest.mark.parametrize("content_type", ["multipart/form-data", "multipart/form-data; boundary=\xe4"])
def test_no_boundary_no_form(api, upload_id, content_type):
    assert_envelope(send_body(api, whole(upload_id), content_type), 400, "parse_error")


@pytest.mark.parametrize(
    "fields",
    [
        [("upload_id", "x" * 20_000)],
        [(f"field{number}", "x") for number in range(30)],
        [("upload_id\r\nX: y", "x")],
    ],
)
def test_fields_without_end_are_refused(api, fields):
    assert send_body(api, form(*fields, ("chunk", CONTENT))).status_code in (400, 422)


def test_a_field_that_is_not_utf_8_is_refused(api, upload_id):
    body = whole(upload_id).replace(upload_id.encode(), b"\xff\xfe")
    assert_envelope(send_body(api, body), 400, "parse_error")


def test_the_chunk_is_the_last_field(api, upload_id):
    body = form(("upload_id", upload_id), ("chunk", CONTENT), ("chunk_index", 0))
    assert_envelope(send_body(api, body), 422, field="chunk_index")


def test_a_field_after_the_chunk_is_no_chunk(api, upload_id):
    body = form(("upload_id", upload_id), ("chunk_index", 0), ("chunk", CONTENT), ("sha256", "0" * 64))
    assert_envelope(send_body(api, body), 422, field="chunk")


def a_body(wire: bytes) -> ChunkBody:
    return ChunkBody(Wire(RequestFactory().generic("POST", "/", wire)), b"", b"b")


def test_the_chunk_is_read_in_blocks_that_share_their_place():
    content = make_bytes(3 * BLOCK_BYTES + 5)
    body = a_body(content + b"\r\n--b--\r\n")
    assert body.fits(len(content))
    blocks = [(block.obj, block.tobytes()) for block in body.blocks(len(content))]
    assert b"".join(piece for _, piece in blocks) == content
    assert [len(piece) for _, piece in blocks] == [BLOCK_BYTES] * 3 + [5]
    assert {id(place) for place, _ in blocks} == {id(blocks[0][0])}


def test_the_last_block_is_not_handed_out_when_the_boundary_is_missing():
    body = a_body(b"0123456789" + b"\r\n--wrong\r\n")
    with pytest.raises(IncompleteBody):
        list(body.blocks(10))


def test_an_answer_waits_until_a_refused_body_is_read(api, upload_id):
    assert_envelope(send_body(api, whole(upload_id, b"x" * 300_000)), 422, field="chunk")


def test_a_form_of_another_type_is_refused(api, upload_id):
    assert_envelope(send_body(api, whole(upload_id), "application/octet-stream"), 415)


@pytest.fixture
def page(api):
    """The same recruiter, signed in by a browser."""
    browser = Client(enforce_csrf_checks=True)
    browser.force_login(api.user)
    browser.cookies["csrftoken"] = "a" * 32
    return browser


def test_a_page_shows_its_csrf_token_in_the_header(page, upload_id):
    body = whole(upload_id)
    assert_envelope(page.post(f"{DOOR}/chunk", body, MULTIPART), 403, "permission_denied")
    assert page.post(f"{DOOR}/chunk", body, MULTIPART, headers={"X-CSRFToken": "a" * 32}).status_code == 200


def test_a_token_in_the_body_of_a_chunk_is_not_looked_for(page, upload_id):
    body = form(("csrfmiddlewaretoken", "a" * 32), ("upload_id", upload_id), ("chunk_index", 0), ("chunk", CONTENT))
    assert_envelope(page.post(f"{DOOR}/chunk", body, MULTIPART), 403, "permission_denied")


@pytest.mark.parametrize("said", ["name*=nonsense''upload_id", f'name="{"n" * 12_000}"'])
def test_a_header_of_a_part_that_cannot_be_read_is_a_clear_answer(api, upload_id, said):
    part = f"--{BOUNDARY}\r\nContent-Disposition: form-data; {said}\r\n\r\nx\r\n".encode()
    assert send_body(api, part + whole(upload_id)).status_code in (200, 400)
