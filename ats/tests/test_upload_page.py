"""The upload page in Chromium: from the drop zone to the candidate, whatever happens on the way."""

import contextlib
import re
import threading

import pytest
from django.conf import settings as django_settings
from django.db import connection, connections
from django.test import Client
from playwright.sync_api import expect

from ats.tests.browser import NARROW, WIDE
from ats.tests.builders import make_cv, make_user
from ats.tests.upload_page import (
    CHUNKS,
    assert_accessible,
    become,
    card,
    choose,
    choose_path,
    held_back,
    make_long_video,
    start,
    two_chunks_are_there,
)
from parsing.assessments import assess_video
from parsing.tasks import parse_document
from parsing.tests.videos import make_video
from uploads.models import Assessment, Document, UploadSession
from uploads.tasks import verify_session

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def worker(db):
    """Does in a thread what the worker does: verify, analyse, read."""
    done = threading.Event()

    def work():
        while not done.wait(0.1):
            for pk in UploadSession.objects.verifying().values_list("pk", flat=True):
                verify_session(str(pk))
            for pk in Assessment.objects.processing().filter(due_at__isnull=False).values_list("pk", flat=True):
                assess_video(str(pk))
            for pk in Document.objects.filter(parse_status="pending").values_list("pk", flat=True):
                parse_document(str(pk))
        connection.close()

    thread = threading.Thread(target=work)
    thread.start()
    yield
    done.set()
    thread.join()
    connections.close_all()


@pytest.fixture
def context(chromium, live_server, settings, worker):
    settings.STORAGES = {
        **settings.STORAGES,
        "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
    }
    settings.CSRF_TRUSTED_ORIGINS = [live_server.url]
    settings.RATES = {**settings.RATES, "chunked": 100_000}
    with contextlib.closing(chromium.new_context(viewport=WIDE, base_url=live_server.url)) as context:
        yield context


@pytest.fixture
def page(context):
    """A signed-in recruiter on the page. Fails the test when the page breaks a rule of its own or looks elsewhere."""
    client = Client()
    client.force_login(make_user("Recruiter"))
    session = client.cookies[django_settings.SESSION_COOKIE_NAME].value
    page = context.new_page()
    context.add_cookies([{"name": "sessionid", "value": session, "domain": "localhost", "path": "/"}])
    faults, hosts = [], set()
    page.on("console", lambda message: faults.append(message.text) if "Content Security Policy" in message.text else 0)
    page.on("pageerror", lambda error: faults.append(str(error)))
    page.on("request", lambda request: hosts.add(request.url.split("/")[2]) if request.url.startswith("http") else 0)
    page.goto("/upload/")
    yield page
    assert faults == []
    assert len(hosts) == 1


@pytest.fixture
def video_file(tmp_path):
    return make_long_video(tmp_path / "interview.mp4")


def test_only_signed_in_people_see_the_page(client):
    for path in ("/upload", "/upload/"):
        response = client.get(path)
        assert response.status_code == 302
        assert response["Location"].startswith("/admin/login/?next=/upload")


def test_a_cv_goes_from_the_drop_zone_to_its_candidate(page):
    cv = make_cv()
    choose(page, (cv.file_name, cv.content))
    start(page)
    become(card(page, cv.file_name), "ready")
    expect(card(page, cv.file_name).locator(".steps li.done")).to_have_count(4)
    expect(card(page, cv.file_name).get_by_role("link", name="Open Asha Verma")).to_be_visible()
    assert Document.objects.get().doc_hash_256 == cv.sha256


def test_a_video_ends_in_its_assessment(page):
    choose(page, ("talk.mp4", make_video()))
    start(page)
    become(card(page, "talk.mp4"), "ready")
    expect(card(page, "talk.mp4").locator(".state")).to_contain_text("320 × 240")
    expect(card(page, "talk.mp4").locator("img")).to_have_js_property("naturalWidth", 320)
    page.get_by_role("link", name="Open the assessment").click()
    expect(page.get_by_role("heading", name="talk.mp4")).to_be_visible()


def test_ten_files_go_up_together(page):
    cvs = [make_cv() for _ in range(10)]
    choose(page, *((cv.file_name, cv.content) for cv in cvs))
    start(page)
    expect(page.locator('.card[data-state="ready"]')).to_have_count(10, timeout=60_000)
    assert set(Document.objects.values_list("doc_hash_256", flat=True)) == {cv.sha256 for cv in cvs}


def test_what_is_not_taken_is_refused_at_once_with_a_reason(page):
    choose(page, ("run.exe", b"x"), ("empty.pdf", b""))
    expect(page.get_by_role("alert")).to_contain_text("run.exe: files of this type are not taken.")
    expect(page.get_by_role("alert")).to_contain_text("empty.pdf is empty.")
    assert page.locator(".card").count() == 0


def test_what_is_no_video_fails_with_a_reason_and_can_be_tried_again(page):
    choose(page, ("talk.mp4", b"no video" * 100))
    start(page)
    become(card(page, "talk.mp4"), "failed")
    expect(card(page, "talk.mp4")).to_contain_text("The content of this file is not what its name says.")
    expect(page.get_by_role("button", name="Resume talk.mp4")).to_have_text("Try again")


def test_pause_and_resume(page, video_file):
    held_back(page)
    choose_path(page, video_file)
    start(page)
    two_chunks_are_there(page)
    page.get_by_role("button", name="Pause").click()
    become(card(page, "interview.mp4"), "paused")
    page.unroute(CHUNKS)
    page.get_by_role("button", name="Resume").click()
    become(card(page, "interview.mp4"), "ready", 40)
    assert UploadSession.objects.count() == 1


def test_after_a_reload_the_same_file_goes_on_where_it_stopped(page, video_file):
    held_back(page)
    choose_path(page, video_file)
    start(page)
    two_chunks_are_there(page)
    page.on("dialog", lambda dialog: dialog.accept())
    page.reload()
    become(card(page, "interview.mp4"), "lost")
    page.unroute(CHUNKS)
    sent = []
    page.on("request", lambda request: sent.append(request.url) if CHUNKS.search(request.url) else None)
    choose_path(page, video_file)
    become(card(page, "interview.mp4"), "ready", 40)
    assert 0 < len(sent) < 7
    assert UploadSession.objects.count() == 1


def test_a_network_cut_is_waited_out(page, context, video_file):
    held_back(page)
    choose_path(page, video_file)
    start(page)
    two_chunks_are_there(page)
    page.unroute(CHUNKS)
    page.route("**/api/**", lambda route: route.abort("internetdisconnected"))
    page.get_by_role("button", name="Pause").click()
    page.get_by_role("button", name="Resume").click()
    become(card(page, "interview.mp4"), "waiting")
    expect(page.locator(".state")).to_contain_text("Trying again in")
    page.unroute("**/api/**")
    become(card(page, "interview.mp4"), "ready", 40)


def test_a_busy_server_is_asked_again_when_it_says(page, video_file):
    def busy(route):
        headers = {"Retry-After": "1", "Content-Type": "application/json"}
        route.fulfill(status=503, headers=headers, body='{"detail": "Busy."}')

    page.route(CHUNKS, busy)
    choose_path(page, video_file)
    start(page)
    become(card(page, "interview.mp4"), "waiting")
    page.unroute(CHUNKS)
    become(card(page, "interview.mp4"), "ready", 40)


def test_cancel_frees_the_bytes_and_the_card(page, video_file):
    held_back(page)
    choose_path(page, video_file)
    start(page)
    two_chunks_are_there(page)
    with page.expect_response(lambda response: response.request.method == "DELETE"):
        page.get_by_role("button", name="Cancel interview.mp4").click()
    expect(page.locator(".card")).to_have_count(0)
    assert UploadSession.objects.get().status == "cancelled"
    assert page.evaluate("Object.keys(JSON.parse(localStorage.getItem(localStorage.key(0)) || '{}')).length") == 0


def test_everything_can_be_done_by_keyboard(page):
    cv = make_cv()
    choose(page, (cv.file_name, cv.content))
    expect(page.get_by_role("button", name="Start Analysis")).to_be_focused()
    page.keyboard.press("Enter")
    become(card(page, cv.file_name), "ready")
    expect(page.get_by_role("status")).to_contain_text(cv.file_name)


@pytest.mark.parametrize("viewport", [NARROW, WIDE])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_nothing_is_wider_than_the_screen(page, viewport, scheme):
    page.set_viewport_size(viewport)
    page.emulate_media(color_scheme=scheme)
    choose(page, (f"{'A_very_long_name_' * 10}.pdf", make_cv().content), ("talk.mp4", b"no video" * 100))
    start(page)
    become(card(page, "talk.mp4"), "failed")
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    for button in page.locator("button").all():
        if button.is_visible():
            assert button.bounding_box()["height"] >= 44


def test_what_is_in_the_list_is_not_taken_twice_and_what_is_over_is(page, tmp_path):
    talk = tmp_path / "talk.mp4"
    talk.write_bytes(b"no video" * 100)
    for _ in range(2):
        choose_path(page, talk)
    expect(page.get_by_role("alert")).to_contain_text("talk.mp4 is in the list already.")
    start(page)
    become(card(page, "talk.mp4"), "failed")
    choose_path(page, talk)
    become(card(page, "talk.mp4"), "chosen")
    expect(page.locator(".card")).to_have_count(1)


def test_files_wait_their_turn_and_say_how_far_they_all_are(page, video_file):
    held_back(page)
    cvs = [make_cv() for _ in range(8)]
    choose_path(page, video_file)
    choose(page, *((cv.file_name, cv.content) for cv in cvs))
    start(page)
    expect(page.locator(".state", has_text="Waiting for its turn").first).to_be_visible()
    expect(page.locator("#total")).to_have_text(re.compile("of 9 done"))
    expect(page.get_by_role("progressbar", name="All files together")).to_be_visible()


@pytest.mark.parametrize("viewport", [NARROW, WIDE], ids=["390", "1280"])
def test_every_state_of_the_page_is_accessible(page, context, video_file, viewport):
    page.set_viewport_size(viewport)
    assert_accessible(page)
    choose(page, ("run.exe", b"x"), ("talk.mp4", b"no video" * 100))
    assert_accessible(page)
    start(page)
    become(card(page, "talk.mp4"), "failed")
    assert_accessible(page)
    held_back(page)
    choose_path(page, video_file)
    start(page)
    become(card(page, "interview.mp4"), "sending")
    assert_accessible(page)
    page.get_by_role("button", name="Pause").click()
    assert_accessible(page)
    context.set_offline(True)
    page.get_by_role("button", name="Resume interview.mp4").click()
    become(card(page, "interview.mp4"), "waiting")
    assert_accessible(page)
    page.get_by_role("button", name="Pause").click()
    context.set_offline(False)
    cookies = context.cookies()
    context.clear_cookies()
    page.get_by_role("button", name="Resume interview.mp4").click()
    become(card(page, "interview.mp4"), "signedout")
    assert_accessible(page)
    context.add_cookies(cookies)
    page.reload()
    become(card(page, "interview.mp4"), "lost")
    assert_accessible(page)
    page.unroute(CHUNKS)
    choose_path(page, video_file)
    become(card(page, "interview.mp4"), "ready", 40)
    assert_accessible(page)
    page.get_by_role("link", name="Open the assessment").click()
    page.get_by_role("heading", name="interview.mp4").wait_for()
    assert_accessible(page)
