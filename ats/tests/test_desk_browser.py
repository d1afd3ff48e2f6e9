"""The desk in Chromium: no page breaks its policy, runs a stranger's words or overflows; deciding by keys."""

from __future__ import annotations

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect

from ats.tests.browser import NARROW, WIDE, enter, show, wide_by
from ats.tests.builders import issue, make_user
from ats.tests.desk import LIST, hostile_person, many_people, person, person_with_cv
from candidates.models import Candidate
from capture.models import CVCapture, DeviceToken
from uploads import ledger
from uploads.models import Document, ErrorLog

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
ROW = "#result_list tr.data-row"


def every_page() -> list[str]:
    """A page of each kind, full of what strangers may have put there."""
    made = hostile_person()
    document = Document.objects.get()
    facts = {"user": make_user("Recruiter", first_name="<b>"), "document": document, "device": "<i>laptop"}
    captured = CVCapture.objects.create(file_name=document.original_filename, source="download", **facts)
    ledger.record_failure("job", "CODE", '"><script>window.hacked=1</script>', document.pk)
    issue(facts["user"], name="<img src=x onerror=window.hacked=1>")
    person_page, file_page = f"{LIST}{made.pk}", f"/admin/uploads/document/{document.pk}"
    return [
        *("/admin/", LIST, f"{LIST}?q=<script>window.hacked=1</script>", "/admin/uploads/document/?look=1"),
        *(f"{person_page}/change/", f"{person_page}/history/", f"{person_page}/delete/"),
        *(f"{file_page}/change/", f"{file_page}/history/", f"/admin/capture/cvcapture/{captured.pk}/change/"),
        *("/admin/capture/cvcapture/", "/admin/capture/devicetoken/", "/admin/capture/devicetoken/add/"),
        f"/admin/capture/devicetoken/{DeviceToken.objects.get().device_id}/change/",
        *("/admin/uploads/errorlog/", f"/admin/uploads/errorlog/{ErrorLog.objects.get().pk}/change/"),
        *("/admin/uploads/requesttrace/", "/admin/auth/user/", "/admin/auth/group/", "/admin/axes/accessattempt/"),
    ]


@pytest.mark.parametrize("size", [WIDE, NARROW], ids=["1280", "390"])
def test_no_page_runs_a_strangers_words_breaks_its_policy_or_overflows(context, complaints, size):
    page = enter(context, "", is_superuser=True)
    page.set_viewport_size(size)
    for path in every_page():
        show(page, path)
        assert page.evaluate("window.hacked") is None, path
        assert "49" not in page.locator("h2, .desk-name").first.inner_text(), path
        assert wide_by(page) <= 0, path
        assert complaints == [], path


def test_signing_in_by_keyboard_leads_to_today(context, complaints):
    user = make_user("Recruiter", password="a-long-made-up-word-7")
    page = context.new_page()
    show(page, "/admin/")
    expect(page.locator("#id_username")).to_be_focused()
    page.keyboard.type(user.username)
    page.keyboard.press("Tab")
    page.keyboard.type("a-long-made-up-word-7")
    page.keyboard.press("Enter")
    expect(page.get_by_text("Nobody waits. Well done.")).to_be_visible()
    assert complaints == []


# --- Deciding ---------------------------------------------------------------------------------------------------------


def test_two_keys_decide_in_the_list(context, complaints):
    person("Older")
    newer = person("Newer")
    page = enter(context)
    show(page, LIST)
    page.keyboard.press("j")
    page.keyboard.press("s")
    expect(page.get_by_text("Newer: shortlisted.")).to_be_visible()
    newer.refresh_from_db()
    assert newer.review_status == "shortlisted"
    assert Candidate.objects.filter(review_status="new").count() == 1
    assert complaints == []


def test_two_clicks_decide_from_the_list(context):
    person("Asha Verma")
    page = enter(context)
    show(page, LIST)
    page.get_by_role("link", name="Asha Verma").click()
    page.get_by_role("button", name="Reject").click()
    expect(page.get_by_text("Asha Verma: rejected.")).to_be_visible()


def test_keys_lead_through_all_who_wait(context):
    for name in ("Third", "Second", "First"):
        person(name)
    page = enter(context)
    show(page, "/admin/")
    page.get_by_role("link", name="Start reviewing").click()
    for name, key in (("First", "s"), ("Second", "r"), ("Third", "s")):
        expect(page.get_by_role("heading", name=name, level=2)).to_be_visible()
        page.keyboard.press(key)
    expect(page.get_by_text("Nobody waits. Well done.")).to_be_visible()
    assert set(Candidate.objects.values_list("full_name", "review_status")) == {
        ("First", "shortlisted"), ("Second", "rejected"), ("Third", "shortlisted"),
    }  # fmt: skip


def test_letters_typed_into_a_field_decide_nothing(context):
    asha = person()
    page = enter(context)
    show(page, f"{LIST}{asha.pk}/change/")
    page.get_by_text("Correct the details").click()
    page.locator("#id_headline").press_sequentially("sr")
    page.get_by_role("button", name="Save").click()
    expect(page.locator(".desk-headline")).to_have_text("sr")
    asha.refresh_from_db()
    assert asha.review_status == "new"


# --- The CV, the token, many rows -------------------------------------------------------------------------------------


def test_the_cv_is_shown_beside_the_person(context, complaints):
    asha, _ = person_with_cv()
    page = enter(context)
    with page.expect_response(lambda response: response.url.endswith("/cv/")) as asked:
        show(page, f"{LIST}{asha.pk}/change/")
    assert asked.value.status == 200
    assert asked.value.headers["content-disposition"].startswith("inline")
    frame, facts = page.locator("iframe").bounding_box(), page.locator(".desk-facts").bounding_box()
    assert frame["width"] > 400
    assert frame["x"] > facts["x"] + facts["width"] - 1
    assert complaints == []


def test_a_new_token_is_copied_by_its_button(context, complaints):
    user = make_user("Recruiter")
    context.grant_permissions(["clipboard-read", "clipboard-write"])
    page = enter(context, "Ops")
    show(page, "/admin/capture/devicetoken/add/")
    page.locator("#id_user").select_option(str(user.pk))
    page.locator("#id_name").fill("Laptop")
    page.get_by_role("button", name="Issue the token").click()
    page.get_by_role("button", name="Copy").click()
    expect(page.get_by_role("button", name="Copied")).to_be_visible()
    assert page.evaluate("navigator.clipboard.readText()") == page.locator("#token").input_value()
    assert complaints == []


@pytest.mark.parametrize("size", [WIDE, NARROW], ids=["1280", "390"])
def test_ten_thousand_people_are_a_list_like_any_other(context, complaints, size):
    many_people(10_000)
    page = enter(context)
    page.set_viewport_size(size)
    show(page, LIST)
    expect(page.locator(ROW)).to_have_count(50)
    expect(page.get_by_text("newest first")).to_be_visible()
    page.get_by_role("link", name="Older →").click()
    expect(page.get_by_role("link", name="← Newer")).to_be_visible()
    expect(page.locator(ROW)).to_have_count(50)
    assert wide_by(page) <= 0
    assert complaints == []


def test_an_empty_list_says_so(context, complaints):
    page = enter(context)
    show(page, LIST)
    expect(page.get_by_text("Nothing is here yet.")).to_be_visible()
    expect(page.locator("#main").get_by_role("link", name="Add candidate").last).to_be_visible()
    assert complaints == []


# --- For everybody ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("size", [WIDE, NARROW], ids=["1280", "390"])
def test_no_page_has_a_serious_fault_for_people_who_cannot_see_or_point(context, size):
    page = enter(context, "", is_superuser=True)
    page.set_viewport_size(size)
    asha, document = person_with_cv()
    issue(make_user("Recruiter"), name="Laptop")
    paths = ["/admin/", LIST, f"{LIST}{asha.pk}/change/", f"/admin/uploads/document/{document.pk}/change/",
             "/admin/uploads/document/", "/admin/capture/devicetoken/", "/admin/capture/devicetoken/add/"]  # fmt: skip
    faults = {}
    for path in paths:
        show(page, path)
        found = Axe().run(page, options={"iframes": False}).response["violations"]
        for fault in found:
            if fault["impact"] in ("serious", "critical"):
                faults[path, fault["id"]] = [node["html"][:120] for node in fault["nodes"]][:3]
    assert faults == {}
