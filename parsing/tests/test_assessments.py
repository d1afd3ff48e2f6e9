"""A stored video is analysed in the background, whatever dies meanwhile."""

import uuid
from datetime import timedelta

import pytest
from django.db.models.functions import Now

pytest.importorskip("av")  # requirements-video.txt

from ats.tests.builders import CV, assert_envelope, at_once, stored
from parsing.assessments import assess_video, sweep_assessments
from parsing.tests.videos import make_video
from uploads.models import Assessment, ErrorLog
from uploads.storage import get_store
from uploads.tasks import verify_session
from uploads.tests.chunks import end, sent

MP4 = "video/mp4"


def uploaded(caller, content, filename="talk.mp4"):
    """A video that came in chunks and is stored; its assessment is still to be made."""
    upload_id = sent(caller, content, filename)
    assessment_id = end(caller, upload_id).json()["assessment_id"]
    verify_session(upload_id)
    return assessment_id


def found(caller, assessment_id):
    return caller.get(f"/api/assessments/{assessment_id}").json()


def test_a_video_is_measured_and_has_a_poster(api, other):
    assessment_id = uploaded(api, make_video())
    assert found(api, assessment_id)["status"] == "processing"
    assess_video(assessment_id)
    assert found(other, assessment_id) == {
        "assessment_id": assessment_id,
        "status": "ready",
        "message": "0:02, 320 × 240, 25 frames a second; plays in browsers",
        "duration_s": 2.0,
        "width": 320,
        "height": 240,
        "frame_rate": 25.0,
        "codecs": ["h264", "aac"],
        "playable": True,
        "poster_url": f"/api/assessments/{assessment_id}/poster",
    }
    poster = api.get(f"/api/assessments/{assessment_id}/poster")
    assert (poster["Content-Type"], poster["X-Content-Type-Options"]) == ("image/jpeg", "nosniff")
    assert poster.content.startswith(b"\xff\xd8")


def test_a_video_cut_off_fails_with_a_reason_and_is_kept(api):
    content = make_video()
    assessment_id = uploaded(api, content[: len(content) // 2])
    assess_video(assessment_id)
    after = found(api, assessment_id)
    assert (after["status"], after["message"]) == ("failed", "The video is cut off: a part of the file is missing.")
    assert (after["duration_s"], after["codecs"], after["poster_url"]) == (None, [], None)
    assert Assessment.objects.get().document.is_stored
    assert ErrorLog.objects.get().operation == "assess_video"
    assert_envelope(api.get(f"/api/assessments/{assessment_id}/poster"), 404)


def test_an_assessment_waits_until_its_bytes_are_proven(api):
    upload_id = sent(api, make_video())
    assessment_id = end(api, upload_id).json()["assessment_id"]
    assess_video(assessment_id)
    assert found(api, assessment_id)["status"] == "processing"
    assert sweep_assessments() == 0


def test_a_video_that_came_through_another_door_gets_an_assessment(api):
    video = CV(make_video(), "talk.mp4", MP4)
    stored(video)
    assert sweep_assessments() == 1
    assert sweep_assessments() == 0
    assess_video(str(Assessment.objects.get().pk))
    assert Assessment.objects.get().status == "ready"


def test_the_bell_begins_the_assessment(api, django_capture_on_commit_callbacks):
    with django_capture_on_commit_callbacks(execute=True):
        stored(CV(make_video(), "talk.mp4", MP4))
    assert Assessment.objects.count() == 1


def test_known_bytes_are_measured_again_for_their_second_upload(api, other):
    content = make_video()
    for caller in (api, other):
        assess_video(uploaded(caller, content))
    assert [assessment.status for assessment in Assessment.objects.all()] == ["ready", "ready"]


@pytest.mark.django_db(transaction=True)
def test_five_deliveries_at_once_are_one_analysis(api):
    assessment_id = uploaded(api, make_video())
    at_once(5, lambda _: assess_video(assessment_id))
    assessment = Assessment.objects.get()
    assert (assessment.status, assessment.attempts) == ("ready", 1)


def test_a_dead_worker_is_followed_by_another_and_after_three_it_has_failed(api):
    assessment_id = uploaded(api, make_video())
    for attempt in (1, 2, 3):
        assert Assessment.objects.claim(assessment_id).attempts == attempt
        assert Assessment.objects.claim(assessment_id) is None
        Assessment.objects.update(due_at=Now() - timedelta(seconds=1))
        sweep_assessments()
    after = found(api, assessment_id)
    assert after["status"] == "failed"
    assert after["message"] == "The analysis stopped several times on this video. The file itself is kept."


def test_a_store_that_is_away_costs_no_attempt(api, bucket, store_away):
    if not bucket:
        pytest.skip("the environment names no bucket")
    assessment_id = uploaded(api, make_video())
    store_away()
    assess_video(assessment_id)
    assessment = Assessment.objects.get()
    assert (assessment.status, assessment.attempts) == ("processing", 0)


def test_an_object_that_is_gone_fails_with_a_reason(api):
    assessment_id = uploaded(api, make_video())
    get_store().delete(Assessment.objects.get().document.s3_key)
    assess_video(assessment_id)
    assert found(api, assessment_id)["message"] == "The stored video is not the one that was verified."


def test_a_task_for_nothing_does_no_harm(db):
    assess_video(str(uuid.uuid4()))


def test_an_assessment_is_for_recruiters(api, ops, nobody, anonymous):
    assessment_id = uploaded(api, make_video())
    assert_envelope(ops.get(f"/api/assessments/{assessment_id}"), 403)
    assert_envelope(nobody.get(f"/api/assessments/{assessment_id}"), 403)
    assert_envelope(anonymous.get(f"/api/assessments/{assessment_id}"), 401)
    assert_envelope(api.get(f"/api/assessments/{uuid.uuid4()}"), 404)
