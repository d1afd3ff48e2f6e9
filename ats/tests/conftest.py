"""The browser of the tests, and the clients of a running system."""

from __future__ import annotations

import contextlib
import os
import shutil
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, sync_playwright

from ats.tests.browser import WIDE, complaints_of
from ats.tests.clients import Device


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    path = shutil.which("chromium") or shutil.which("google-chrome")
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"  # Playwright's loop runs in the thread of the tests
    with sync_playwright() as playwright:
        if not (path or os.path.exists(playwright.chromium.executable_path)):
            pytest.fail("These tests need Chromium: install it, or leave them out with -m 'not browser'.")
        browser = playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])
        yield browser
        browser.close()
    del os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"]


@pytest.fixture
def context(chromium: Browser, live_server: Any) -> Iterator[BrowserContext]:
    with contextlib.closing(chromium.new_context(viewport=WIDE, base_url=live_server.url)) as context:
        context.set_default_timeout(20_000)
        yield context


@pytest.fixture
def complaints(context: BrowserContext, live_server: Any) -> list[str]:
    return complaints_of(context, live_server.url)


@pytest.fixture
def recruiter(running_system: Any) -> Device:
    return Device(running_system, "ATS_TOKEN")


@pytest.fixture
def colleague(running_system: Any) -> Device:
    return Device(running_system, "ATS_OTHER_TOKEN")
