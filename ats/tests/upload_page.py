"""The upload page in a test's hands: choosing files, starting, what a card says; uploads held back in the middle."""

from __future__ import annotations

import os
import re
import struct
from pathlib import Path

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Locator, Page, Route, expect

from parsing.tests.videos import make_video
from uploads.tests.chunks import CHUNK

CHUNKS = re.compile("/api/chunked-upload/chunk$")


def make_long_video(path: Path) -> Path:
    """A video of seven chunks: two seconds, and a box of padding (ISO/IEC 14496-12, 8.1.2)."""
    padding = os.urandom(6 * CHUNK)
    path.write_bytes(make_video() + struct.pack(">I4s", len(padding) + 8, b"free") + padding)
    return path


def choose(page: Page, *files: tuple[str, bytes]) -> None:
    page.set_input_files("#files", [{"name": name, "mimeType": "", "buffer": content} for name, content in files])


def choose_path(page: Page, path: Path) -> None:
    page.set_input_files("#files", str(path))


def card(page: Page, name: str) -> Locator:
    return page.locator(".card").filter(has_text=name)


def start(page: Page) -> None:
    page.get_by_role("button", name=re.compile("Start Analysis")).click()


def become(found: Locator, state: str, seconds: float = 20) -> None:
    expect(found).to_have_attribute("data-state", state, timeout=seconds * 1000)


def held_back(page: Page) -> list[Route]:
    """Lets the first two chunks pass and holds the others."""
    passed: list[Route] = []

    def hold(route: Route) -> None:
        passed.append(route)
        if len(passed) <= 2:
            route.continue_()

    page.route(CHUNKS, hold)
    return passed


def two_chunks_are_there(page: Page) -> None:
    expect(page.locator(".numbers")).to_have_text(re.compile("^33 %"), timeout=20_000)


def assert_accessible(page: Page) -> None:
    """As axe-core judges, in light and in dark."""
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme, reduced_motion="reduce")  # else it judges colours on their way
        faults = Axe().run(page).response["violations"]
        found = {fault["id"]: [node["html"][:120] for node in fault["nodes"]] for fault in faults}
        assert found == {}, f"{scheme}: {found}"
