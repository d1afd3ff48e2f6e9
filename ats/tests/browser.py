"""Pages of the desk in Chromium: signing in, looking, and what must not happen meanwhile."""

from __future__ import annotations

from typing import Any

from playwright.sync_api import BrowserContext, Page

from ats.tests.desk import at_desk

WIDE, NARROW = {"width": 1280, "height": 900}, {"width": 390, "height": 844}


def complaints_of(context: BrowserContext, home: str) -> list[str]:
    """Fills with what must not happen: broken policy, script errors, dialogs, calls to elsewhere than `home`."""
    heard: list[str] = []

    def on_page(page: Page) -> None:
        page.on("console", lambda message: heard.append(message.text) if message.type == "error" else None)
        page.on("pageerror", lambda error: heard.append(str(error)))
        page.on("dialog", lambda dialog: heard.append(f"dialog: {dialog.message}"))
        page.on("request", lambda request: heard.append(request.url) if is_elsewhere(request.url) else None)

    def is_elsewhere(url: str) -> bool:
        return url.startswith("http") and not url.startswith(home)

    context.on("page", on_page)
    return heard


def enter(context: BrowserContext, group: str = "Recruiter", **facts: Any) -> Page:
    """A page of somebody who has signed in."""
    session = at_desk(group, **facts).cookies["sessionid"].value
    context.add_cookies([{"name": "sessionid", "value": session, "domain": "localhost", "path": "/"}])
    return context.new_page()


def show(page: Page, path: str) -> None:
    page.goto(path)
    page.locator("#main, #login-form").first.wait_for()
    page.wait_for_function("window.Alpine !== undefined")


def wide_by(page: Page) -> int:
    return page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
