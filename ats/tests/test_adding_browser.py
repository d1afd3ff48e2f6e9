"""Adding a candidate in Chromium: the form, the card that waits for the reading, what it says at the end."""

from __future__ import annotations

import contextlib
import os
import re
from collections.abc import Iterator

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, BrowserContext, Page, expect

from ats.tests.browser import NARROW, WIDE, complaints_of, enter, show, wide_by
from ats.tests.builders import CV, make_cv, make_pdf
from ats.tests.desk import LIST, person, person_with_cv
from ats.tests.house import House
from candidates.models import Candidate
from candidates.tests.builders import read
from parsing.tasks import parse_document
from uploads.models import Document

pytestmark = pytest.mark.browser
in_process = pytest.mark.django_db(transaction=True)
BROKEN = b"%PDF-1.7\n" + os.urandom(300) + b"\n%%EOF\n"
PROCESSING, PROCESSED = "Resume processing...", "Resume processed!"
ASKED = re.compile(r"/candidates/\d+/parsing-status$")


def add(page: Page, name: str, content: bytes, file_name: str = "My CV.pdf") -> None:
    page.goto(f"{LIST}add/")
    page.get_by_label("Name").fill(name)
    choose(page, content, file_name)
    page.get_by_role("button", name="Add candidate").click()


def choose(page: Page, content: bytes, file_name: str = "My CV.pdf") -> None:
    page.set_input_files("input[type=file]", [{"name": file_name, "mimeType": "application/pdf", "buffer": content}])


def says(page: Page, words: str) -> None:
    expect(page.locator("#reading").get_by_role("status")).to_contain_text(words)


# --- With the real worker ---------------------------------------------------------------------------------------------


@pytest.fixture
def recruiter(chromium: Browser, running_system: House) -> Iterator[Page]:
    """The made-up recruiter of a running copy, signed in by hand. Fails when a page breaks a rule of its own."""
    name, password = re.search(r"^Name: (\S+)\nPassword: (\S+)$", running_system.words, re.MULTILINE).groups()
    with contextlib.closing(chromium.new_context(viewport=WIDE, base_url=running_system.url)) as context:
        context.set_default_timeout(30_000)
        expect.set_options(timeout=30_000)
        complaints = complaints_of(context, running_system.url)
        page = context.new_page()
        page.goto("/admin/")
        page.get_by_label("Username").fill(name)
        page.get_by_label("Password").fill(password)
        page.keyboard.press("Enter")
        page.get_by_role("link", name="Today").wait_for()
        yield page
        expect.set_options(timeout=5_000)
        assert complaints == []


@pytest.mark.journey
def test_a_cv_that_is_added_is_read_while_one_looks_on(recruiter: Page) -> None:
    cv = make_cv("Zenobia Quill")
    with recruiter.expect_request(ASKED):
        add(recruiter, "Zenobia Quill", cv.content)
        says(recruiter, PROCESSING)
    says(recruiter, PROCESSED)
    card = recruiter.locator("#reading")
    for words in (cv.email, "Python, Django", "Senior Software Engineer", "IIT Bombay"):
        expect(card).to_contain_text(words)
    recruiter.get_by_role("link", name="Show Zenobia Quill").click()
    expect(recruiter.get_by_role("heading", name="Zenobia Quill", level=2)).to_be_visible()
    expect(recruiter.get_by_text(cv.email).first).to_be_visible()


@pytest.mark.journey
def test_a_cv_that_cannot_be_read_says_why(recruiter: Page) -> None:
    add(recruiter, "Yorick Bane", BROKEN)
    says(recruiter, "Resume could not be read: The file is damaged or is not what its name says.")
    expect(recruiter.get_by_role("link", name="Show Yorick Bane")).to_be_visible()


@pytest.mark.journey
def test_who_looks_like_another_is_said_at_once(recruiter: Page) -> None:
    first = make_cv("Xerxes Vole")
    add(recruiter, "Xerxes Vole", first.content)
    says(recruiter, PROCESSED)
    add(recruiter, "Xerxes Vole", make_cv("Xerxes Vole", email=first.email).content)
    says(recruiter, PROCESSED)
    card = recruiter.locator("#reading")
    expect(card.get_by_role("heading", name="May be the same person as")).to_be_visible()
    expect(card.get_by_role("link", name="Xerxes Vole", exact=True)).to_be_visible()
    expect(card).to_contain_text("same email")


# --- Step by step -----------------------------------------------------------------------------------------------------


@in_process
def test_the_status_is_asked_again_and_again_until_the_end(context: BrowserContext, complaints: list[str]) -> None:
    page, asked, cv = enter(context), [], make_cv()
    page.on("request", lambda request: asked.append(request.url) if ASKED.search(request.url) else None)
    add(page, "Asha Verma", cv.content)
    with page.expect_request(ASKED), page.expect_request(ASKED):
        says(page, PROCESSING)
    with page.expect_request(ASKED):
        read(cv)
    says(page, PROCESSED)
    so_far = len(asked)
    page.wait_for_timeout(2500)
    assert len(asked) == so_far
    assert complaints == []


@in_process
def test_a_scan_that_waits_for_the_slow_reader_says_so(context: BrowserContext, complaints: list[str]) -> None:
    page, cv = enter(context), CV(make_pdf([]) + os.urandom(8).hex().encode(), "scan.pdf")
    add(page, "Asha Verma", cv.content)
    says(page, PROCESSING)
    Document.objects.update(parse_code="scan")  # as where pictures can be read
    expect(page.locator("#reading")).to_contain_text("It is a scan", timeout=10_000)
    says(page, PROCESSING)
    claimed = Document.objects.claim_for_parsing(str(Document.objects.get().pk), scan=True)
    claimed.mark_unreadable("empty_scan", "Nothing could be read in this scan or picture.", 1)
    says(page, "Resume could not be read: Nothing could be read in this scan or picture.")
    assert complaints == []


@in_process
def test_a_newer_cv_on_a_persons_page_is_followed_there(context: BrowserContext, complaints: list[str]) -> None:
    asha, _ = person_with_cv()
    page, newer = enter(context), make_cv("Asha Verma")
    show(page, f"{LIST}{asha.pk}/change/")
    expect(page.locator("#reading")).to_have_count(0)
    page.get_by_text("Put a newer CV…").click()
    choose(page, newer.content, "Newer.pdf")
    page.get_by_role("button", name="Put a newer CV").click()
    says(page, PROCESSING)
    read(newer)
    says(page, PROCESSED)
    page.get_by_role("link", name="Show it on this page").click()
    expect(page.locator(".desk-file")).to_have_text("Newer.pdf")
    expect(page.locator("#reading")).to_have_count(0)
    assert asha.versions.count() == 2
    assert complaints == []


@in_process
def test_all_goes_by_keyboard_and_is_read_out(context: BrowserContext) -> None:
    page, cv = enter(context), make_cv()
    show(page, f"{LIST}add/")
    expect(page.get_by_label("Name")).to_be_focused()
    page.keyboard.type("Asha Verma")
    page.keyboard.press("Tab")
    expect(page.get_by_label("CV")).to_be_focused()
    choose(page, cv.content)
    page.get_by_label("Headline").focus()
    page.keyboard.press("Tab")
    expect(page.get_by_role("button", name="Add candidate")).to_be_focused()
    page.keyboard.press("Enter")
    says(page, PROCESSING)
    heard = page.evaluate_handle(
        """() => { const heard = []; new MutationObserver((all) => all.forEach(() => heard.push(
        document.querySelector("#reading [role=status]").textContent))).observe(
        document.querySelector("#reading [role=status]"), { childList: true, characterData: true, subtree: true });
        return heard; }"""
    )
    read(cv)
    says(page, PROCESSED)
    assert heard.json_value() == [PROCESSED]  # the same element, changed once


@in_process
def test_without_scripts_it_goes_on_by_itself(chromium: Browser, live_server) -> None:
    options = {"viewport": WIDE, "base_url": live_server.url, "java_script_enabled": False}
    with contextlib.closing(chromium.new_context(**options)) as context:
        page, cv = enter(context), make_cv()
        add(page, "Asha Verma", cv.content)
        says(page, PROCESSING)
        read(cv)
        says(page, PROCESSED)
        page.get_by_role("link", name="Show Asha Verma").click()
        expect(page.get_by_role("heading", name="Asha Verma", level=2)).to_be_visible()


@in_process
def test_a_file_that_is_too_large_is_not_even_sent(context: BrowserContext, settings) -> None:
    settings.CV_MAX_BYTES = 500
    page = enter(context)
    add(page, "Asha Verma", make_cv().content)
    expect(page).to_have_url(re.compile("/add/$"))
    assert "at most" in page.locator("input[type=file]").evaluate("(input) => input.validationMessage")
    assert not Candidate.objects.exists()


@in_process
def test_a_button_pressed_twice_makes_one_candidate(context: BrowserContext) -> None:
    page = enter(context)
    page.goto(f"{LIST}add/")
    page.get_by_label("Name").fill("Asha Verma")
    page.get_by_role("button", name="Add candidate").dblclick()
    expect(page.get_by_role("heading", name="Asha Verma", level=2)).to_be_visible()
    assert Candidate.objects.count() == 1


@in_process
def test_who_is_erased_meanwhile_or_signs_out_is_told(context: BrowserContext) -> None:
    page = enter(context)
    add(page, "Asha Verma", make_cv().content)
    says(page, PROCESSING)
    cookies = context.cookies()
    context.clear_cookies()
    says(page, "You are signed out.")
    context.add_cookies(cookies)
    page.reload()
    says(page, PROCESSING)
    Candidate.objects.all().delete()
    says(page, "This candidate is not there any more.")


@in_process
def test_an_outage_is_waited_out(context: BrowserContext) -> None:
    page, cv = enter(context), make_cv()
    add(page, "Asha Verma", cv.content)
    says(page, PROCESSING)
    with page.expect_event("requestfailed"):
        page.route(ASKED, lambda route: route.abort("internetdisconnected"))
    page.unroute(ASKED)
    page.route(ASKED, lambda route: route.fulfill(status=503, headers={"Retry-After": "1"}, body="{}"), times=1)
    read(cv)
    says(page, PROCESSED)


@in_process
@pytest.mark.parametrize("size", [WIDE, NARROW], ids=["1280", "390"])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_no_step_overflows_or_has_a_serious_fault(
    context: BrowserContext, complaints: list[str], size: dict, scheme: str
) -> None:
    page = enter(context)
    page.set_viewport_size(size)
    page.emulate_media(color_scheme=scheme)
    person("Asha Verma " * 15, email="asha@example.com")
    cv, faults = make_cv("Asha Verma", email="asha@example.com"), []

    def look(step: str) -> None:
        assert wide_by(page) <= 0, step
        found = Axe().run(page, options={"iframes": False}).response["violations"]
        faults.extend((step, fault["id"]) for fault in found if fault["impact"] in ("serious", "critical"))

    show(page, f"{LIST}add/")
    look("form")
    page.get_by_label("E-mail").fill("x")
    page.get_by_label("Name").fill("Asha Verma " * 15)
    choose(page, cv.content, f"{'long_name_' * 15}.pdf")
    page.get_by_role("button", name="Add candidate").click()
    page.get_by_text("This is no e-mail address.").wait_for()
    look("form with a fault")
    page.get_by_label("E-mail").fill("")
    choose(page, cv.content, f"{'long_name_' * 15}.pdf")
    page.get_by_role("button", name="Add candidate").click()
    says(page, PROCESSING)
    look("waiting")
    parse_document(str(Document.objects.get().pk))
    says(page, PROCESSED)
    look("read")
    page.get_by_role("link", name=re.compile("^Show Asha")).click()
    page.get_by_text("Put a newer CV…").click()
    look("page")
    assert faults == []
    assert complaints == []
