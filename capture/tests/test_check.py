"""Which of these has this caller captured? A monitor asks once at its start."""

from __future__ import annotations

import pytest

from ats.tests.builders import CHECK, assert_envelope, capture, make_cv, presign, stored
from uploads.models import Document

pytestmark = pytest.mark.django_db


def known(caller, *hashes):
    response = caller.post(CHECK, {"sha256": list(hashes)})
    assert response.status_code == 200, response.content
    return response.json()


def test_what_the_caller_has_captured_is_known_in_lower_case(api, cv):
    capture(api, cv)
    assert known(api, cv.sha256.upper(), make_cv().sha256) == {"known": [cv.sha256]}


def test_a_hash_asked_for_twice_is_told_once(api, cv):
    capture(api, cv)
    assert known(api, cv.sha256, cv.sha256.upper())["known"] == [cv.sha256]


def test_what_a_colleague_brought_is_not_known_until_captured_too(api, other, cv):
    capture(api, cv)
    assert known(other, cv.sha256)["known"] == []
    capture(other, cv)
    assert known(other, cv.sha256)["known"] == [cv.sha256]


def test_what_was_only_promised_or_lies_there_without_a_capture_is_not_known(api, cv):
    presign(api, cv)
    another = stored(make_cv())
    assert known(api, cv.sha256, another.doc_hash_256)["known"] == []


def test_five_hundred_at_a_time(api, cv):
    capture(api, cv)
    hashes = [cv.sha256, *(f"{number:064x}" for number in range(499))]
    assert known(api, *hashes)["known"] == [cv.sha256]
    assert_envelope(api.post(CHECK, {"sha256": [*hashes, "a" * 64]}), 422, field="sha256")


def test_to_ask_for_nothing_is_no_fault(api):
    assert known(api)["known"] == []


NO_LISTS = [None, "a" * 64, 7, {"a": 1}, ["abc"], [None], [7], [["a" * 64]], ["a" * 64, "g" * 64]]


@pytest.mark.parametrize("value", NO_LISTS)
def test_what_is_no_list_of_hashes_is_named(api, value):
    [field] = assert_envelope(api.post(CHECK, {"sha256": value}), 422)["errors"]
    assert field.startswith("sha256")


def test_asking_makes_nothing(api, cv):
    known(api, cv.sha256)
    assert not Document.objects.exists()
