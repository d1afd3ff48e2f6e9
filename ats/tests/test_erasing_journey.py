"""One person by three doors, merged, parted, erased: then a program looks everywhere, and finds nothing."""

from __future__ import annotations

import json
import random
import subprocess
import sys
from pathlib import Path

import pytest

from ats.tests.builders import COMPLETE, REQUEST, make_cv
from ats.tests.clients import capture, ends, put
from ats.tests.everything import SEARCH
from ats.tests.house import MANAGE, wait_for

pytestmark = pytest.mark.journey
CANDIDATES, HEARTBEAT, CHUNKED = "/candidates/", "/api/cv-capture/heartbeat", "/api/chunked-upload"


@pytest.fixture
def found_in(running_system):
    """Looks for words in every corner of the running system, from beside it: [[word, place], …]."""

    def look(words, *, sampled=False):
        worker = running_system.process_of("celery" if running_system.has("celery") else "manage.py work")
        environment = dict(
            line.split("=", 1) for line in Path(f"/proc/{worker}/environ").read_text().split("\0") if "=" in line
        )
        asked = json.dumps({"words": words, "folder": str(running_system.data_dir), "sampled": sampled})
        command = [sys.executable, str(MANAGE), "shell", "--no-imports", "-c", SEARCH]
        done = subprocess.run(command, env=environment, input=asked, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        console = running_system.words.lower()
        return [tuple(one) for one in json.loads(done.stdout)] + [(w, "console") for w in words if w.lower() in console]

    return look


def by_form(device, cv, **typed):
    answer = device.post(
        CANDIDATES,
        data={"candidate_in": json.dumps({"full_name": cv.name, **typed})},
        files={"resume": (cv.file_name, cv.content, cv.file_type)},
    )
    assert answer.status_code == 201, answer.text
    pk = answer.json()["id"]
    wait_for(lambda: device.get(f"{CANDIDATES}{pk}/parsing-status").json()["parsing_status"] == "completed")
    return pk


def by_upload_request(device, cv):
    asked = device.post(REQUEST, json=cv.request()).json()
    put(asked["s3_presigned_url"], cv.content)
    assert device.post(COMPLETE, json={"doc_id": asked["doc_id"]}).status_code == 200
    wait_for(lambda: device.get(CANDIDATES, params={"document": asked["doc_id"]}).json()["results"])


def shown(device, pk):
    """The whole record, but for when it was touched and whom it looks like."""
    answer = device.get(f"{CANDIDATES}{pk}")
    assert answer.status_code == 200, answer.text
    kept = {name: value for name, value in answer.json().items() if name not in ("updated_at", "possible_duplicates")}
    return kept, *(device.get(f"{CANDIDATES}{pk}/{part}").json() for part in ("resumes", "notes", "tags"))


def leave_traces(recruiter, colleague, pk, cvs):
    """All that happens around a person in a year."""
    assert recruiter.post(f"{CANDIDATES}{pk}/notes", json={"text": f"{cvs[0].name} was nice"}).status_code == 201
    assert recruiter.post(f"{CANDIDATES}{pk}/tags", json={"name": cvs[0].name.split()[1]}).status_code == 201
    assert recruiter.get(f"{CANDIDATES}{pk}/resume").content == cvs[2].content
    assert recruiter.get(f"{CANDIDATES}{pk}/export").status_code == 200
    assert recruiter.get(CANDIDATES, params={"search": cvs[0].name}).json()["results"]
    stuck = [{"file_name": cvs[1].file_name, "reason": f"{cvs[1].sha256}: hash_mismatch"}]
    said = {"device": "laptop", "detected": [cv.sha256 for cv in cvs], "stuck": stuck}
    assert colleague.post(HEARTBEAT, json=said).status_code == 200
    for name in (cvs[0].file_name, cvs[1].file_name):
        session = colleague.post(f"{CHUNKED}/init", json={"filename": name, "file_size": 10, "total_chunks": 1}).json()
        if name == cvs[0].file_name:
            assert colleague.post(f"{CHUNKED}/cancel", json=session).status_code == 200
    assert recruiter.post(f"{CANDIDATES}{pk}/merge", json={"other": 10**9}).status_code == 404


def test_one_person_by_three_doors_is_merged_parted_and_erased_without_a_trace(recruiter, colleague, found_in):
    number = f"98{random.randrange(10**8):08d}"
    spellings = (f"+91 {number[:5]} {number[5:]}", f"+91{number}", f"+91-{number[:5]}-{number[5:]}")
    surname = f"Quux{random.choice('aeiou')}ngton{number[-4:].translate(str.maketrans('0123456789', 'abcdefghij'))}"
    cvs = [make_cv(f"Xanthippe {surname}", phone=spelling) for spelling in spellings]

    pk = by_form(recruiter, cvs[0], phone=spellings[0])
    ends(colleague, capture(colleague, cvs[1]).json()["cv_capture_id"])
    by_upload_request(colleague, cvs[2])
    versions = recruiter.get(f"{CANDIDATES}{pk}/resumes").json()
    assert [version["sha256"] for version in versions] == [cv.sha256 for cv in reversed(cvs)]
    people = recruiter.get(CANDIDATES, params={"search": surname}).json()["results"]
    assert [person["id"] for person in people] == [pk]

    other_cv = make_cv("Jan Novak")
    other = by_form(recruiter, other_cv, email=other_cv.email)
    leave_traces(recruiter, colleague, pk, cvs)
    before = shown(recruiter, pk), shown(recruiter, other)
    merged = recruiter.post(f"{CANDIDATES}{pk}/merge", json={"other": other, "fields": {"email": "other"}})
    assert (merged.status_code, merged.json()["email"]) == (200, other_cv.email)
    assert recruiter.get(f"{CANDIDATES}{other}").status_code == 404
    merge_id = recruiter.get(f"{CANDIDATES}{pk}/merges").json()[0]["merge_id"]
    assert recruiter.post(f"{CANDIDATES}{pk}/unmerge", json={"merge_id": merge_id}).status_code == 200
    assert (shown(recruiter, pk), shown(recruiter, other)) == before

    words = [surname, *spellings, number, *(w for cv in cvs for w in (cv.email, cv.file_name, cv.sha256))]
    assert {word for word, _ in found_in(words, sampled=True)} == set(words)
    assert recruiter.delete(f"{CANDIDATES}{pk}").status_code == 204
    assert recruiter.get(f"{CANDIDATES}{pk}").status_code == 404
    assert found_in(words) == []
    assert shown(recruiter, other) == before[1]

    said = {"device": "laptop", "detected": [cv.sha256 for cv in cvs]}
    assert colleague.post(HEARTBEAT, json=said).status_code == 200
    assert found_in(words) == []


def test_a_document_of_two_stays_for_the_one_who_stays_and_goes_with_the_last(recruiter, found_in):
    cv = make_cv("Philomena Twain")
    first, second = by_form(recruiter, cv), by_form(recruiter, cv)
    assert recruiter.delete(f"{CANDIDATES}{first}").status_code == 204
    assert recruiter.get(f"{CANDIDATES}{second}/resume").content == cv.content
    assert recruiter.delete(f"{CANDIDATES}{second}").status_code == 204
    assert found_in([cv.sha256, cv.file_name, cv.email]) == []


def test_who_was_erased_and_comes_again_is_marked(recruiter, colleague):
    cv = make_cv("Ottilie Again")
    assert recruiter.delete(f"{CANDIDATES}{by_form(recruiter, cv)}").status_code == 204
    end = capture(colleague, cv).json()
    ends(colleague, end["cv_capture_id"])
    [back] = recruiter.get(CANDIDATES, params={"document": end["doc_id"]}).json()["results"]
    assert back["erased_before"] is True
