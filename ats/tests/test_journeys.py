"""Walks through the whole house: real processes, a real worker, nothing but HTTP."""

from __future__ import annotations

import os
import signal
from concurrent.futures import ThreadPoolExecutor

import pytest

from ats.tests.builders import COMPLETE, CV, METADATA, PRESIGN, REQUEST, make_cv, make_pdf
from ats.tests.clients import capture, ends, put
from ats.tests.house import wait_for

pytestmark = pytest.mark.journey


def candidates(device, doc_id):
    return device.get("/candidates/", params={"document": doc_id}).json()["results"]


def test_a_downloaded_cv_becomes_a_candidate_on_the_desk(recruiter):
    cv = make_cv()
    answer = capture(recruiter, cv)
    assert answer.status_code == 201, answer.text
    body = answer.json()
    assert ends(recruiter, body["cv_capture_id"])["status"] == "ready"
    [person] = candidates(recruiter, body["doc_id"])
    assert (person["full_name"], person["email"], person["review_status"]) == (cv.name, cv.email, "new")
    skills = {skill["name"].lower() for skill in person["parsed_resume"]["skills"]}
    assert {"python", "django"} <= skills


def test_a_client_of_the_old_days_does_the_same(recruiter):
    """It sends the type alone, tells the path of its disk, and never looks at `duplicate`."""
    cv = make_cv()
    for status in (201, 200):
        presigned = recruiter.post(PRESIGN, json=cv.presign()).json()
        put(presigned["s3_url"], cv.content, {"Content-Type": "application/pdf"})
        extras = {"download_path": "C:\\Users\\me\\Downloads", "uploaded_at": "2025-11-06T10:00:00", "emp_id": 123}
        answer = recruiter.post(METADATA, json=cv.presign(s3_key=presigned["s3_key"], **extras))
        assert answer.status_code == status, answer.text
    assert ends(recruiter, answer.json()["cv_capture_id"])["status"] == "ready"


def test_two_recruiters_twenty_threads_each_one_file(recruiter, colleague):
    cv = make_cv()
    with ThreadPoolExecutor(40) as pool:
        answers = list(pool.map(lambda n: capture((recruiter, colleague)[n % 2], cv), range(40)))
    assert {answer.status_code for answer in answers} <= {200, 201}, [a.text for a in answers if a.status_code > 201][
        :1
    ]
    bodies = [answer.json() for answer in answers]
    assert len({body["doc_id"] for body in bodies}) == 1
    assert len({body["cv_capture_id"] for body in bodies}) == 2
    assert sum(answer.status_code == 201 for answer in answers) == 2
    ends(recruiter, bodies[0]["cv_capture_id"])
    assert len(candidates(recruiter, bodies[0]["doc_id"])) == 1


def test_a_cv_by_upload_request_is_read_too(recruiter):
    cv = make_cv(extension="docx")
    asked = recruiter.post(REQUEST, json=cv.request()).json()
    put(asked["s3_presigned_url"], cv.content)
    done = recruiter.post(COMPLETE, json={"doc_id": asked["doc_id"]})
    assert (done.status_code, done.json()["status"]) == (200, "UPLOAD_COMPLETE")
    wait_for(lambda: candidates(recruiter, asked["doc_id"]))
    assert candidates(recruiter, asked["doc_id"])[0]["email"] == cv.email
    again = recruiter.post(REQUEST, json=cv.request()).json()
    assert (again["s3_presigned_url"], again["message"]) == (None, "Document already processed")


def test_a_file_that_cannot_be_read_ends_with_a_reason_and_the_next_one_is_read(recruiter):
    broken = CV(b"%PDF-1.7\n" + os.urandom(500) + b"\n%%EOF\n", "cv.pdf")
    end = ends(recruiter, capture(recruiter, broken).json()["cv_capture_id"])
    assert (end["status"], bool(end["reason"])) == ("failed", True)
    empty = CV(make_pdf([]) + os.urandom(8).hex().encode(), "scan.pdf")
    assert ends(recruiter, capture(recruiter, empty).json()["cv_capture_id"])["status"] == "failed"
    assert ends(recruiter, capture(recruiter, make_cv()).json()["cv_capture_id"])["status"] == "ready"


def test_a_broker_that_hangs_during_metadata_changes_no_answer(recruiter, running_system):
    broker = [process for process, command in running_system.descendants().items() if "redis-server" in command]
    if not broker:
        pytest.skip("there is no broker for this platform")
    os.kill(broker[0], signal.SIGSTOP)
    try:
        answer = capture(recruiter, make_cv())
    finally:
        os.kill(broker[0], signal.SIGCONT)
    assert answer.status_code == 201, answer.text
    assert ends(recruiter, answer.json()["cv_capture_id"])["status"] == "ready"
