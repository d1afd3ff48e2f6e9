"""The videos of a person on the desk: shown with how they are, watched, downloaded, put on their candidate."""

from __future__ import annotations

import uuid
from typing import Any

import pytest
from django.contrib.admin.models import LogEntry

from ats.tests.builders import put_object
from ats.tests.desk import LIST, at_desk, person
from candidates.models import Candidate, CandidateAssessment, ResumeAccess
from candidates.tests.builders import bytes_of, make_cv
from uploads.filetypes import BY_EXTENSION
from uploads.models import Assessment, Document
from uploads.tests.chunks import end, make_bytes, sent, the_session

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("committing")]


def make_video(name: str = "talk.mp4", **found: Any) -> Assessment:
    """A stored and analysed video."""
    cv = make_cv()
    cv.content, cv.file_name, cv.file_type = make_bytes(1000), name, "video/mp4"
    placed = put_object(cv, f"documents/{cv.sha256}.mp4")
    document, _ = Document.objects.keep(sha256=cv.sha256, name=name, file_type=BY_EXTENSION["mp4"], stored=placed)
    facts = {
        "status": "ready",
        "duration_s": 83.4,
        "width": 640,
        "height": 360,
        "playable": True,
        "message": "1:23, 640 × 360, 25 frames a second; plays in browsers",
        "poster": b"\xff\xd8",
    }
    # The bell that rang for the document has begun its assessment.
    return Assessment.objects.update_or_create(document=document, defaults={**facts, **found})[0]


def page(candidate: Candidate, rest: str = "change/") -> str:
    return f"{LIST}{candidate.pk}/{rest}"


def test_a_person_without_videos_in_a_house_without_videos_has_no_card() -> None:
    assert "Videos" not in at_desk().get(page(person())).content.decode()


def test_each_video_shows_state_length_picture_and_the_way_to_it() -> None:
    asha, ready = person(), make_video()
    waiting = Assessment.objects.create()
    for video in (ready, waiting):
        CandidateAssessment.objects.create(candidate=asha, assessment=video)
    text = at_desk().get(page(asha)).content.decode()
    for shown in (
        "talk.mp4", "ready", "1:23, 640 × 360, 25 frames a second", f'poster="/api/assessments/{ready.pk}/poster"',
        f'src="{page(asha, f"videos/{ready.pk}/")}"', f"/upload/videos/{ready.pk}", "being analysed",
    ):  # fmt: skip
        assert shown in text, shown


def test_a_video_is_put_on_its_person_by_choice_among_those_that_are_nobodys() -> None:
    asha, jan, video = person(), person("Jan Novak"), make_video()
    desk = at_desk()
    assert f'<option value="{video.pk}">talk.mp4' in desk.get(page(asha)).content.decode()
    assert desk.post(page(asha, "videos/"), {"assessment_id": str(video.pk)})["Location"] == page(asha)
    assert asha.assessment_links.get().assessment == video
    assert LogEntry.objects.get().change_message == "Put a video."
    assert "<option" not in desk.get(page(jan)).content.decode().partition("desk-videos")[2].partition("</section>")[0]
    answer = desk.post(page(jan, "videos/"), {"assessment_id": str(video.pk)}, follow=True)
    assert "another candidate" in answer.content.decode()
    assert not jan.assessment_links.exists()
    for unknown in ("x", str(uuid.uuid4())):
        assert desk.post(page(asha, "videos/"), {"assessment_id": unknown}).status_code == 404


def test_a_video_of_somebody_else_is_taken_off_and_is_nobodys() -> None:
    asha, jan, video = person(), person("Jan Novak"), make_video()
    CandidateAssessment.objects.create(candidate=asha, assessment=video)
    desk = at_desk()
    path = page(asha, f"videos/{video.pk}/off/")
    assert f'action="{path}"' in desk.get(page(asha)).content.decode()
    assert desk.post(page(jan, f"videos/{video.pk}/off/")).status_code == 404
    assert "can be put on another person" in desk.post(path, follow=True).content.decode()
    assert LogEntry.objects.get().change_message == "Took a video off."
    assert f'<option value="{video.pk}">' in desk.get(page(jan)).content.decode()
    assert desk.post(path).status_code == 404


def test_who_watches_or_downloads_a_video_is_written_down() -> None:
    asha, video = person(), make_video()
    CandidateAssessment.objects.create(candidate=asha, assessment=video)
    desk = at_desk()
    path = page(asha, f"videos/{video.pk}/")
    watched = desk.get(path, headers={"range": "bytes=0-99"})
    assert (watched.status_code, len(bytes_of(watched)), watched["Content-Type"]) == (206, 100, "video/mp4")
    assert desk.get(f"{path}?download")["Content-Disposition"] == 'attachment; filename="talk.mp4"'
    assert list(ResumeAccess.objects.order_by("pk").values_list("kind", flat=True)) == ["look", "download"]
    assert desk.get(page(person("Jan Novak"), f"videos/{video.pk}/")).status_code == 404


def test_a_video_that_is_still_being_checked_goes_with_its_person(reviewer: Any) -> None:
    session = the_session(sent(reviewer, make_bytes(1000), "Asha_talks.mp4"))
    asha, assessment_id = person(), end(reviewer, str(session.pk)).json()["assessment_id"]
    CandidateAssessment.objects.create(candidate=asha, assessment_id=assessment_id)
    assert reviewer.delete(f"/candidates/{asha.pk}").status_code == 204
    assert not type(session).objects.exists()
    assert not Assessment.objects.exists()
