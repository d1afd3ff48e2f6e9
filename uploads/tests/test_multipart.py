"""Door five, large files: asked for in one call, sent in parts, gathered by the store itself."""

from __future__ import annotations

import math
import os

import pytest

from ats.tests.builders import COMPLETE, CV, REQUEST, assert_envelope, put
from uploads.models import Document
from uploads.storage import get_store

pytestmark = pytest.mark.django_db


def ask(caller, cv, **changes):
    response = caller.post(REQUEST, cv.request(**changes))
    assert response.status_code == 200, response.content
    return response.json()


def complete(caller, doc_id):
    return caller.post(COMPLETE, {"doc_id": doc_id})


@pytest.fixture
def talk():
    """Eleven megabytes under the name of a video, which begin as one (ISO/IEC 14496-12)."""
    return CV(b"\0\0\0\x18ftypisom" + os.urandom(11 * 2**20), "interview.mp4")


def parts_of(answer, content):
    size, urls = answer["multipart"]["part_size"], answer["multipart"]["urls"]
    assert len(urls) == math.ceil(len(content) / size)
    return [(url, content[number * size : (number + 1) * size]) for number, url in enumerate(urls)]


def test_a_large_file_goes_up_in_parts_one_of_them_twice(api, talk):
    answer = ask(api, talk, multipart=True)
    pieces = parts_of(answer, talk.content)
    for url, piece in [pieces[1], *pieces]:
        assert put(url, piece).status_code == 200
    assert complete(api, answer["doc_id"]).status_code == 200
    row = Document.objects.get()
    assert (row.upload_status, row.parse_status) == ("UPLOAD_COMPLETE", "not_needed")
    assert get_store().head(row.s3_key).size == talk.size


def test_a_file_that_is_not_all_there_is_missing_and_may_still_come(api, talk):
    answer = ask(api, talk, multipart=True)
    first, second = parts_of(answer, talk.content)
    put(*first)
    assert_envelope(complete(api, answer["doc_id"]), 409, "object_missing")
    put(*second)
    assert complete(api, answer["doc_id"]).status_code == 200


def test_asking_again_goes_on_with_the_same_parts(api, other, talk):
    first = ask(api, talk, multipart=True)
    second = ask(other, talk, multipart=True)
    put(*parts_of(first, talk.content)[0])
    put(*parts_of(second, talk.content)[1])
    assert complete(api, first["doc_id"]).status_code == 200
    assert not list(get_store().multiparts())


def test_a_file_over_the_limit_goes_up_in_parts_unasked(api, cv, settings):
    settings.MULTIPART_FROM = cv.size - 1
    assert ask(api, cv)["multipart"]["urls"]


def test_a_caller_who_does_not_look_at_parts_may_put_the_whole(api, talk):
    answer = ask(api, talk, multipart=True)
    assert put(answer["s3_presigned_url"], talk.content).status_code == 200
    assert complete(api, answer["doc_id"]).status_code == 200
