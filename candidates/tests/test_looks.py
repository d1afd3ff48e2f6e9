"""Who was given a CV is written down, however it was asked for; no answer about a person stays in a cache."""

from __future__ import annotations

import pytest
from django.contrib.admin.models import LogEntry

from ats.tests.builders import stored
from ats.tests.desk import at_desk, person_with_cv
from candidates.models import ResumeAccess
from candidates.tests.builders import DOOR, created

pytestmark = pytest.mark.django_db
ALL_BUT_A_BYTE = {"range": "bytes=1-"}


def test_all_but_the_first_byte_is_a_download(api, cv):
    path = f"{DOOR}{created(api, cv).pk}/resume"
    for _ in range(3):
        assert api.get(path, headers=ALL_BUT_A_BYTE).status_code == 206
    access = ResumeAccess.objects.get()
    assert (access.user, access.kind) == (api.user, "download")


def test_what_goes_on_with_a_colleagues_file_is_a_look_of_ones_own(api, other, cv):
    path = f"{DOOR}{created(api, cv).pk}/resume"
    for caller in (api, other):
        caller.get(path, headers={"range": "bytes=-100"})
    assert {access.user for access in ResumeAccess.objects.all()} == {api.user, other.user}


def test_a_range_that_gives_no_bytes_is_no_look(api, cv):
    path = f"{DOOR}{created(api, cv).pk}/resume"
    assert api.get(path, headers={"range": f"bytes={cv.size}-"}).status_code == 416
    assert not ResumeAccess.objects.exists()


def test_the_desk_writes_such_a_look_down_too(cv):
    candidate, document = person_with_cv()
    desk = at_desk()
    for _ in range(2):
        assert desk.get(f"/admin/candidates/candidate/{candidate.pk}/cv/", headers=ALL_BUT_A_BYTE).status_code == 206
        assert desk.get(f"/admin/uploads/document/{document.pk}/file/", headers=ALL_BUT_A_BYTE).status_code == 206
    assert [access.kind for access in ResumeAccess.objects.all()] == ["look"]
    assert LogEntry.objects.filter(object_id=str(document.pk), change_message="Looked at the file.").count() == 1


@pytest.mark.parametrize("name", ["★", "...", "。。。", "!"])
def test_a_name_of_which_no_file_can_be_called_hides_no_cv(api, cv, name):
    candidate = created(api, cv, full_name=name)
    answer = api.get(f"{DOOR}{candidate.pk}/resume")
    assert answer.status_code == 200
    assert "attachment" in answer["Content-Disposition"]


def test_no_answer_about_a_person_stays_in_a_cache(api, cv):
    candidate, document = created(api, cv), stored(cv)
    paths = ["", f"{candidate.pk}", f"{candidate.pk}/resume", f"{candidate.pk}/parsing-status", f"{candidate.pk}/notes"]
    answers = [api.get(f"{DOOR}{path}") for path in paths] + [api.get(f"/upload/{document.pk}")]
    for answer in [*answers, at_desk().get("/upload/"), at_desk().get("/admin/")]:
        assert answer.status_code == 200
        assert "no-store" in answer["Cache-Control"]
