"""Several calls append to one tus upload: whoever begins last has it, and nothing that was told is taken back."""

import socket
from urllib.parse import urlsplit

import pytest

from ats.tests.builders import at_once
from ats.tests.house import wait_for
from uploads.storage import get_store
from uploads.tests.chunks import CHUNK, make_bytes
from uploads.tests.test_tus import BODY, created, head, patch, session_of, stored_bytes

pytestmark = pytest.mark.django_db(transaction=True)
MIB = 2**20


class OldCall:
    """A PATCH from the beginning of an upload, whose client sends when it is told to."""

    def __init__(self, live_server, api, place, size):
        address = urlsplit(live_server.url)
        self.wire = socket.create_connection((address.hostname, address.port), timeout=30)
        lines = [
            f"PATCH {place} HTTP/1.1", f"Host: {address.netloc}", f"Authorization: Bearer {api.token}",
            "Tus-Resumable: 1.0.0", "Upload-Offset: 0", f"Content-Type: {BODY}", f"Content-Length: {size}",
            "Connection: close", "", "",
        ]  # fmt: skip
        self.wire.sendall("\r\n".join(lines).encode())

    def send(self, content):
        self.wire.sendall(content)

    def status(self):
        with self.wire.makefile("rb") as answer:
            return int(answer.readline().split()[1])


@pytest.fixture
def content():
    return make_bytes(3 * CHUNK + 1000)


@pytest.fixture
def place(api, content):
    return created(api, len(content))


@pytest.fixture
def old_call(live_server, api, place, content, wait_until_offset):
    """It has brought one chunk and a part of the next, and hangs."""
    call = OldCall(live_server, api, place, len(content))
    call.send(content[: CHUNK + MIB])
    wait_until_offset(CHUNK)
    yield call
    call.wire.close()


@pytest.fixture
def wait_until_offset(api, place):
    return lambda offset: wait_for(lambda: head(api, place)["Upload-Offset"] == str(offset), 20)


def test_a_client_that_comes_back_goes_on_while_its_old_call_still_hangs(api, place, content, old_call):
    response = patch(api, place, content[CHUNK:], CHUNK)
    assert (response.status_code, response["Upload-Offset"]) == (204, str(len(content)))
    assert stored_bytes(place) == content


def test_what_the_old_call_still_brings_changes_nothing(api, place, content, old_call):
    """A proxy that has buffered the old call may deliver it long after the client came back."""
    assert patch(api, place, content[CHUNK : 2 * CHUNK + MIB], CHUNK).status_code == 204
    old_call.send(b"\xff" * (len(content) - CHUNK - MIB))
    assert old_call.status() == 409
    assert head(api, place)["Upload-Offset"] == str(2 * CHUNK + MIB)
    assert patch(api, place, content[2 * CHUNK + MIB :], 2 * CHUNK + MIB).status_code == 204
    assert stored_bytes(place) == content


def test_what_an_old_call_had_brought_when_it_broke_is_dropped_once_a_new_one_has_begun(api, place, content, old_call):
    assert patch(api, place, content[CHUNK : CHUNK + 10], CHUNK).status_code == 204
    old_call.wire.shutdown(socket.SHUT_WR)
    assert old_call.status() in (400, 409)
    assert head(api, place)["Upload-Offset"] == str(CHUNK + 10)
    tails = [placed.key for placed in get_store().versions() if ".tail" in placed.key]
    assert tails == [session_of(place).tail_key]


def test_of_many_calls_at_once_one_wins_and_the_others_are_told(api, content):
    place = created(api, len(content))
    statuses = [response.status_code for response in at_once(8, lambda _: patch(api, place, content))]
    assert sorted(statuses) == [204] + [409] * 7
    assert stored_bytes(place) == content


def test_a_tail_that_grows_leaves_no_older_one_behind(api, content):
    place = created(api, len(content))
    for offset in range(0, 4 * MIB, MIB):
        assert patch(api, place, content[offset : offset + MIB], offset).status_code == 204
    assert [placed.key for placed in get_store().versions()] == [session_of(place).tail_key]
    assert patch(api, place, content[4 * MIB :], 4 * MIB).status_code == 204
    assert [placed.key for placed in get_store().versions()] == []
    assert stored_bytes(place) == content
