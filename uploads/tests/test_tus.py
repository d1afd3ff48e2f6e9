"""tus 1.0: each MUST of the protocol (https://tus.io/protocols/resumable-upload)."""

import base64
import hashlib
import io
from datetime import timedelta
from email.utils import parsedate_to_datetime

import pytest

from ats.tests.builders import assert_envelope, read_back
from uploads.cleanup import Cleanup
from uploads.models import Document, UploadChunk, UploadSession
from uploads.storage import get_store
from uploads.tasks import verify_session
from uploads.tests.chunks import CHUNK, make_bytes, pieces, send_chunk, state, the_session

BODY = "application/offset+octet-stream"
V1 = {"Tus-Resumable": "1.0.0"}


def metadata(name="talk.mp4", **others):
    pairs = {"filename": name, **others}
    return ",".join(f"{key} {base64.b64encode(value.encode()).decode()}" for key, value in pairs.items())


def create(caller, size, name="talk.mp4", body=b"", **headers):
    given = {**V1, "Upload-Length": str(size), "Upload-Metadata": metadata(name), **headers}
    given = {key: value for key, value in given.items() if value is not None}
    return caller.post("/api/tus/", body, BODY if body else "application/json", headers=given)


def created(caller, size, name="talk.mp4"):
    response = create(caller, size, name)
    assert response.status_code == 201, response.content
    return response["Location"]


def patch(caller, place, body, offset=0, content_type=BODY, arrived=None, **headers):
    facts = {} if arrived is None else {"wsgi.input": io.BytesIO(arrived)}
    given = {**V1, "Upload-Offset": str(offset), **headers}
    return caller.patch(place, body, content_type, headers=given, **facts)


def head(caller, place, **headers):
    return caller.head(place, headers={**V1, **headers})


def session_of(place):
    return the_session(place.rpartition("/")[2])


def stored_bytes(place):
    session = session_of(place)
    verify_session(str(session.pk))
    return read_back(Document.objects.get().pinned)


# --- Core -------------------------------------------------------------------------------------------------------------


def test_options_tells_what_the_server_can_without_a_token(anonymous):
    for path in ("/api/tus", "/api/tus/", "/api/tus/anything"):
        response = anonymous.options(path, headers={"Tus-Resumable": "0.2.2"})
        assert response.status_code == 204
        assert response["Tus-Version"] == "1.0.0"
        assert response["Tus-Extension"] == "creation,creation-with-upload,termination,expiration,checksum"
        assert response["Tus-Checksum-Algorithm"] == "sha256,sha1"
        assert int(response["Tus-Max-Size"]) == 5 * 2**30


@pytest.mark.parametrize("version", [None, "0.2.2", "2.0"])
def test_another_version_is_refused_and_told_the_right_one(api, version):
    place = created(api, 10)
    for response in (
        create(api, 10, **{"Tus-Resumable": version}),
        api.head(place, headers={"Tus-Resumable": version} if version else {}),
    ):
        assert (response.status_code, response["Tus-Version"]) == (412, "1.0.0")
    assert UploadSession.objects.count() == 1


def test_every_answer_names_the_version(api, anonymous):
    place = created(api, 10)
    answers = [head(api, place), patch(api, place, b"x", 5), create(api, -1), create(anonymous, 10)]
    assert [answer["Tus-Resumable"] for answer in answers] == ["1.0.0"] * 4


def test_head_says_where_the_upload_stands_and_is_never_cached(api):
    place = created(api, 10)
    response = head(api, place)
    assert response.status_code == 200
    assert (response["Upload-Offset"], response["Upload-Length"], response["Cache-Control"]) == ("0", "10", "no-store")
    assert response["Upload-Metadata"] == metadata()


def test_head_of_what_is_not_there_names_no_offset(api, other):
    place = created(api, 10)
    for response in (head(api, "/api/tus/nonsense"), head(other, place)):
        assert response.status_code == 404
        assert "Upload-Offset" not in response


def test_patches_append_and_the_last_one_completes(api):
    content = make_bytes(2 * CHUNK + 1000)
    place, offset = created(api, len(content)), 0
    for size in (10, CHUNK, 3 * 2**20, 7, len(content)):
        body = content[offset : offset + size]
        response = patch(api, place, body, offset)
        offset += len(body)
        assert (response.status_code, response["Upload-Offset"]) == (204, str(offset))
        assert head(api, place)["Upload-Offset"] == str(offset)
    assert session_of(place).status == "verifying"
    assert stored_bytes(place) == content
    assert {placed.key for placed in get_store().versions()} == {session_of(place).key}


def test_one_patch_may_bring_everything(api):
    content = make_bytes(2 * CHUNK + 1000)
    place = created(api, len(content))
    assert patch(api, place, content)["Upload-Offset"] == str(len(content))
    assert stored_bytes(place) == content


def test_a_patch_of_another_type_is_refused(api):
    assert_envelope(patch(api, created(api, 10), b"x", content_type="application/octet-stream"), 415)


@pytest.mark.parametrize("offset", [1, 4, 6, 9])
def test_a_wrong_offset_is_a_conflict_and_changes_nothing(api, offset):
    place = created(api, 10)
    patch(api, place, b"01234", 0)
    assert_envelope(patch(api, place, b"56789"[: 10 - offset], offset), 409, "offset_mismatch")
    assert head(api, place)["Upload-Offset"] == "5"


@pytest.mark.parametrize("offset", ["", "-1", "x", "1.0", "9" * 30])
def test_an_offset_that_is_no_number_is_refused(api, offset):
    assert_envelope(patch(api, created(api, 10), b"x", offset), 400)


def test_more_bytes_than_announced_are_refused(api):
    place = created(api, 10)
    assert_envelope(patch(api, place, b"x" * 11), 413, "upload_too_large")
    assert head(api, place)["Upload-Offset"] == "0"


def test_a_patch_of_what_is_not_there_is_not_found(api, other):
    place = created(api, 10)
    assert_envelope(patch(other, place, b"x"), 404, "session_not_found")
    assert_envelope(patch(api, "/api/tus/nonsense", b"x"), 404, "session_not_found")


def test_what_came_before_a_break_is_kept(api):
    content = make_bytes(2 * CHUNK + 1000)
    place = created(api, len(content))
    arrived = CHUNK + 2 * 2**20
    assert_envelope(patch(api, place, content, arrived=content[:arrived]), 400, "incomplete_body")
    assert head(api, place)["Upload-Offset"] == str(arrived)
    assert patch(api, place, content[arrived:], arrived).status_code == 204
    assert stored_bytes(place) == content


def test_the_method_may_come_in_a_header(api):
    place = created(api, 10)
    headers = {**V1, "Upload-Offset": "0", "X-HTTP-Method-Override": "PATCH"}
    response = api.post(place, b"01234", BODY, headers=headers)
    assert (response.status_code, response["Upload-Offset"]) == (204, "5")
    assert api.get(place, headers={**V1, "X-HTTP-Method-Override": "DELETE"}).status_code == 204
    assert head(api, place).status_code == 404


# --- Creation ---------------------------------------------------------------------------------------------------------


def test_creation_answers_the_place_of_the_upload(api):
    response = create(api, 10)
    session = UploadSession.objects.get()
    assert (response.status_code, response["Location"]) == (201, f"/api/tus/{session.pk}")
    assert (session.filename, session.file_size, session.total_chunks) == ("talk.mp4", 10, 1)


@pytest.mark.parametrize("length", [None, "", "-1", "x"])
def test_creation_needs_a_length(api, length):
    assert_envelope(create(api, 10, **{"Upload-Length": length}), 400)


def test_an_upload_larger_than_the_server_takes_is_a_413(api):
    assert_envelope(create(api, 5 * 2**30 + 1), 413)
    assert_envelope(create(api, 11 * 2**20, "cv.pdf"), 413)


def test_the_limits_of_the_chunked_door_hold_here(api, settings):
    assert_envelope(create(api, 10, "run.exe"), 422, field="filename")
    settings.UPLOAD_OPEN_SESSIONS = 0
    assert_envelope(create(api, 10), 429)


@pytest.mark.parametrize(
    "given",
    ["filename", "filename !!!", "filename dGFsay5tcDQ= x", "a dGFsaw==,a dGFsaw==", "x" * 5000, f"{metadata()},b !"],
)
def test_metadata_that_cannot_be_read_is_refused(api, given):
    assert create(api, 10, **{"Upload-Metadata": given}).status_code in (400, 422)


def test_the_name_is_kept_as_every_door_keeps_names(api):
    place = created(api, 3, " talk.mp4 ")
    assert session_of(place).filename == "talk.mp4"
    assert patch(api, place, b"abc").status_code == 204


def test_creation_with_upload(api):
    content = make_bytes(1000)
    response = create(api, 1000, body=content[:600])
    assert (response.status_code, response["Upload-Offset"]) == (201, "600")
    assert patch(api, response["Location"], content[600:], 600).status_code == 204
    assert stored_bytes(response["Location"]) == content


def test_what_is_refused_together_with_its_creation_leaves_no_upload(api):
    wrong = checksum("sha1", b"other")
    assert_envelope(create(api, 1000, body=b"x" * 600, **wrong), 460, "checksum_mismatch")
    assert_envelope(create(api, 1000, body=b"x" * 1001), 413)
    assert not UploadSession.objects.alive().exists()
    assert (list(get_store().versions()), list(get_store().multiparts())) == ([], [])


def test_uploads_are_not_joined_and_a_client_that_tries_is_told_so(api):
    for how in ("partial", "final;/api/tus/a /api/tus/b"):
        assert_envelope(create(api, 10, **{"Upload-Concat": how}), 400)


# --- Termination, expiration, checksum --------------------------------------------------------------------------------


def test_termination_frees_the_bytes(api):
    place = created(api, 1000)
    patch(api, place, b"x" * 500)
    response = api.delete(place, headers=V1)
    assert (response.status_code, response.content) == (204, b"")
    assert head(api, place).status_code == 404
    assert (list(get_store().versions()), list(get_store().multiparts())) == ([], [])


def test_termination_of_what_is_over_forgets_the_upload_and_keeps_its_document(api):
    place = created(api, 1000)
    content = make_bytes(1000)
    patch(api, place, content)
    assert stored_bytes(place) == content
    assert api.delete(place, headers=V1).status_code == 204
    assert head(api, place).status_code == 404
    assert read_back(Document.objects.get().pinned) == content


def test_an_unfinished_upload_says_when_it_ends(api):
    creation = create(api, 1000)
    place = creation["Location"]
    for response in (creation, patch(api, place, b"x"), head(api, place)):
        assert response["Upload-Expires"].endswith(" GMT")
        told = parsedate_to_datetime(response["Upload-Expires"])
        assert abs(told - session_of(place).expires_at) < timedelta(minutes=1)


def test_the_tail_of_an_expired_upload_is_swept_and_that_of_an_open_one_is_not(api):
    place = created(api, 1000)
    patch(api, place, b"x" * 500)
    Cleanup(timedelta()).run()
    assert head(api, place)["Upload-Offset"] == "500"
    UploadSession.objects.update(expires_at="2020-01-01T00:00:00Z")
    Cleanup(timedelta()).run()
    assert list(get_store().versions()) == []


def checksum(algorithm, content):
    return {"Upload-Checksum": f"{algorithm} {base64.b64encode(hashlib.new(algorithm, content).digest()).decode()}"}


@pytest.mark.parametrize("algorithm", ["sha1", "sha256"])
def test_a_right_checksum_is_taken(api, algorithm):
    content = make_bytes(CHUNK + 1000)
    place = created(api, len(content))
    assert patch(api, place, content, **checksum(algorithm, content)).status_code == 204
    assert stored_bytes(place) == content


@pytest.mark.parametrize("size", [100, CHUNK, CHUNK + 100])
def test_a_wrong_checksum_moves_nothing(api, size):
    place = created(api, 2 * CHUNK)
    response = patch(api, place, b"x" * size, **checksum("sha1", b"other"))
    assert_envelope(response, 460, "checksum_mismatch")
    assert head(api, place)["Upload-Offset"] == "0"
    assert not UploadChunk.objects.received().exists()


def test_a_break_under_a_checksum_moves_nothing(api):
    place = created(api, 2 * CHUNK)
    content = make_bytes(CHUNK + 100)
    response = patch(api, place, content, arrived=content[:-1], **checksum("sha1", content))
    assert_envelope(response, 400, "incomplete_body")
    assert head(api, place)["Upload-Offset"] == "0"


@pytest.mark.parametrize("given", ["md4 AAAA", "sha1 !!!", "sha1 é", "sha1"])
def test_a_checksum_that_is_not_known_is_refused(api, given):
    place = created(api, 10)
    response = patch(api, place, b"x", **{"Upload-Checksum": given})
    assert response.status_code in (400, 460)
    assert head(api, place)["Upload-Offset"] == "0"


# --- Beside the chunked door ------------------------------------------------------------------------------------------


def test_both_doors_bring_the_same_upload(api):
    content = make_bytes(2 * CHUNK + 10)
    place = created(api, len(content))
    upload_id = place.rpartition("/")[2]
    send_chunk(api, upload_id, 0, pieces(content)[0])
    assert head(api, place)["Upload-Offset"] == str(CHUNK)
    assert patch(api, place, content[CHUNK:], CHUNK).status_code == 204
    assert state(api, upload_id)["status"] == "verifying"
    assert stored_bytes(place) == content


def test_after_completion_nothing_is_appended(api):
    place = created(api, 10)
    patch(api, place, b"0123456789")
    assert head(api, place)["Upload-Offset"] == "10"
    assert_envelope(patch(api, place, b"x", 10), 409)
    assert_envelope(api.delete(place, headers=V1), 409)


def test_a_colleague_neither_sees_nor_ends_an_upload(api, other, nobody, anonymous):
    place = created(api, 10)
    assert_envelope(other.delete(place, headers=V1), 404)
    assert_envelope(create(nobody, 10), 403)
    assert_envelope(create(anonymous, 10), 401)


def test_a_page_of_an_allowed_origin_may_use_tus(api, anonymous, settings):
    settings.CORS_ALLOWED_ORIGINS = ["https://careers.example.com"]
    asked = {"Origin": "https://careers.example.com", "Access-Control-Request-Method": "PATCH"}
    allowed = anonymous.options("/api/tus/", headers=asked)["Access-Control-Allow-Headers"]
    sent = {"authorization", "content-type", "tus-resumable", "upload-length", "upload-metadata", "upload-offset"}
    assert sent <= set(allowed.lower().split(", "))
    exposed = head(api, created(api, 10), Origin=asked["Origin"])["Access-Control-Expose-Headers"]
    assert {"Location", "Upload-Offset", "Upload-Length", "Upload-Expires"} <= set(exposed.split(", "))
