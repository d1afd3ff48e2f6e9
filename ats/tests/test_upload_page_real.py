"""The upload page against the running system: the server, the network, the session and the file may go away."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import re
import signal
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from ats.tests.browser import NARROW, WIDE
from ats.tests.builders import make_cv
from ats.tests.house import House, wait_for
from ats.tests.upload_page import CHUNKS, become, card, choose, choose_path, make_long_video, start

pytestmark = [pytest.mark.browser, pytest.mark.journey]
NAME = "interview.mp4"
LINE = {"offline": False, "latency": 5, "downloadThroughput": -1, "uploadThroughput": 6_000_000}  # bytes a second


@pytest.fixture
def context(chromium: Browser, running_system: House) -> Iterator[BrowserContext]:
    with contextlib.closing(chromium.new_context(viewport=WIDE, base_url=running_system.url)) as context:
        context.set_default_timeout(30_000)
        yield context


def sign_in(page: Page, house: House) -> None:
    login = json.loads((house.data_dir / "demo-login.json").read_text())
    page.fill("#id_username", login["username"])
    page.fill("#id_password", login["password"])
    page.keyboard.press("Enter")


@pytest.fixture
def page(context: BrowserContext, running_system: House) -> Iterator[Page]:
    """Of the demo's recruiter, who has signed in because the page asked for it."""
    page, faults = context.new_page(), []
    page.on("pageerror", lambda error: faults.append(str(error)))
    page.on("console", lambda message: faults.append(message.text) if "Content Security" in message.text else None)
    page.on("filechooser", lambda _: None)  # asks the browser now to tell of choosers: a key may overtake the asking
    page.goto("/upload/")
    expect(page).to_have_url(re.compile(r"/admin/login/\?next=/upload/$"))
    sign_in(page, running_system)
    page.get_by_role("heading", name="Upload CVs").wait_for()
    yield page
    assert faults == []


@pytest.fixture
def video(tmp_path: Path) -> Path:
    return make_long_video(tmp_path / NAME)


@pytest.fixture
def line(context: BrowserContext, page: Page) -> Callable[..., None]:
    """Sets how good the network is. It is not fast to begin with."""
    network = context.new_cdp_session(page)

    def become_line(**changes: object) -> None:
        network.send("Network.emulateNetworkConditions", {**LINE, **changes})

    become_line()
    return become_line


@pytest.fixture
def under_way(page: Page, line: Callable[..., None], video: Path) -> Page:
    """An upload in its middle: some chunks have arrived, others are going out."""
    choose_path(page, video)
    with page.expect_response(CHUNKS, timeout=60_000):
        start(page)
    return page


def assert_stored(page: Page, house: House, video: Path) -> None:
    become(card(page, video.name), "ready", 90)
    page.get_by_role("link", name="Open the assessment").click()
    page.get_by_role("heading", name=video.name).wait_for()
    known = house.api().post(f"{house.url}/upload/request", json=asked_for(video)).json()
    assert known["message"] == "Document already processed"


def asked_for(path: Path) -> dict:
    content = path.read_bytes()
    return {"doc_name": path.name, "doc_hash_256": hashlib.sha256(content).hexdigest(), "file_size": len(content)}


def test_a_cv_goes_up_on_a_phone_and_leads_to_its_candidate(page: Page) -> None:
    page.set_viewport_size(NARROW)
    cv = make_cv("Meera Nair")
    choose(page, (cv.file_name, cv.content))
    start(page)
    become(card(page, cv.file_name), "ready", 60)
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    page.get_by_role("link", name="Open Meera Nair").click()
    expect(page).to_have_url(re.compile(r"/admin/candidates/candidate/\d+/change/$"))


def test_the_same_file_again_ends_at_what_is_known(page: Page, tmp_path: Path) -> None:
    cv, links = make_cv("Rohan Iyer"), []
    path = tmp_path / cv.file_name
    path.write_bytes(cv.content)
    for _ in range(2):
        choose_path(page, path)
        start(page)
        become(card(page, cv.file_name), "ready", 60)
        links.append(page.get_by_role("link", name="Open Rohan Iyer").get_attribute("href"))
    assert links[0] == links[1]
    expect(page.locator(".card")).to_have_count(1)


def test_a_killed_server_is_waited_for(under_way: Page, running_system: House, video: Path) -> None:
    for process, command in running_system.descendants().items():
        if "gunicorn" in command:
            os.kill(process, signal.SIGKILL)
    become(card(under_way, NAME), "waiting")
    expect(under_way.locator(".state")).to_contain_text("The server cannot be reached. Trying again in")
    wait_for(running_system.answers)
    assert_stored(under_way, running_system, video)


def test_a_lost_network_is_waited_for(
    under_way: Page, line: Callable[..., None], running_system: House, video: Path
) -> None:
    line(offline=True)
    become(card(under_way, NAME), "waiting")
    expect(under_way.locator(".state")).to_contain_text("No network.")
    line()
    assert_stored(under_way, running_system, video)


def test_after_a_reload_the_file_goes_on_where_it_stopped(under_way: Page, running_system: House, video: Path) -> None:
    under_way.on("dialog", lambda dialog: dialog.accept())
    under_way.reload()
    become(card(under_way, NAME), "lost")
    calls = []
    under_way.on("request", lambda request: calls.append(request.url.rpartition("/")[2]))
    choose_again(under_way, video)
    assert_stored(under_way, running_system, video)
    assert "init" not in calls
    assert 0 < calls.count("chunk") < 7


def choose_again(page: Page, path: Path) -> None:
    with page.expect_file_chooser() as chooser:
        page.get_by_role("button", name=f"Choose the file for {path.name}").click()
    chooser.value.set_files(str(path))


def test_a_file_that_changed_meanwhile_is_sent_from_the_beginning(
    under_way: Page, running_system: House, video: Path
) -> None:
    under_way.on("dialog", lambda dialog: dialog.accept())
    under_way.reload()
    become(card(under_way, NAME), "lost")
    make_long_video(video)
    with under_way.expect_response(lambda response: response.request.method == "DELETE") as cancelled:
        choose_again(under_way, video)
    assert cancelled.value.status == 200
    expect(under_way.locator(".state")).to_have_text(re.compile("This file has changed since it was stopped"))
    start(under_way)
    assert_stored(under_way, running_system, video)


def test_after_signing_in_again_in_another_tab_it_goes_on_by_itself(
    under_way: Page, context: BrowserContext, running_system: House, video: Path
) -> None:
    context.clear_cookies()
    become(card(under_way, NAME), "signedout")
    with context.expect_page() as opened:
        under_way.get_by_role("link", name="Sign in").click()
    sign_in(opened.value, running_system)
    expect(opened.value).to_have_url(re.compile("/admin/$"), timeout=30_000)
    opened.value.close()
    under_way.bring_to_front()
    under_way.evaluate("dispatchEvent(new Event('focus'))")
    assert_stored(under_way, running_system, video)


def test_cancelled_elsewhere_it_says_so_and_can_be_sent_again(
    under_way: Page, running_system: House, video: Path
) -> None:
    known = under_way.evaluate("Object.values(localStorage)[0]")
    (entry,) = json.loads(known).values()
    sessions = under_way.evaluate(
        """async (id) => (await fetch(`/api/chunked-upload/${id}`, {method: "DELETE",
           headers: {"X-CSRFToken": document.cookie.match(/csrftoken=([^;]+)/)[1]}})).status""",
        entry["uploadId"],
    )
    assert sessions == 200
    become(card(under_way, NAME), "failed")
    expect(under_way.locator(".state")).to_contain_text("The server no longer has this upload")
    under_way.get_by_role("button", name=f"Resume {NAME}").click()
    assert_stored(under_way, running_system, video)


@pytest.mark.usefixtures("line")
def test_everything_can_be_done_by_keyboard(page: Page, video: Path) -> None:
    press = page.keyboard.press
    page.locator("#main").focus()
    press("Tab")
    expect(page.locator("#files")).to_be_focused()
    with page.expect_file_chooser() as chooser:
        press("Space")
    chooser.value.set_files(str(video))
    expect(page.get_by_role("button", name="Start Analysis")).to_be_focused()
    press("Enter")
    become(card(page, NAME), "sending")
    tab_to(page, "Pause")
    press("Enter")
    become(card(page, NAME), "paused")
    expect(page.get_by_role("status")).to_have_text(f"{NAME}: Paused")
    tab_to(page, "Resume")
    press("Enter")
    become(card(page, NAME), "ready", 90)
    tab_to(page, "Open the assessment")
    press("Enter")
    page.get_by_role("heading", name=NAME).wait_for()


def tab_to(page: Page, label: str) -> None:
    """From the top of the content: whoever went there by Tab alone must come to it."""
    page.locator("#main").focus()
    for _ in range(10):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.textContent").strip() == label:
            return
    raise AssertionError(f"{label} cannot be reached")
