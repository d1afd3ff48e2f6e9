"""The upload page in Chromium, and curl sending the same chunks."""

from __future__ import annotations

import contextlib
import json
import re
import shutil
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

from playwright.sync_api import Page, expect, sync_playwright

from benchmarks.chunked_clients import DOOR, Made, Ours

AT_ONCE = 4  # as the page
PATIENCE = 300_000  # milliseconds


@contextlib.contextmanager
def signed_in(url: str, folder: Path) -> Iterator[Page]:
    """The page of the demo's recruiter, in a browser of its own."""
    login = json.loads((folder / "data/demo-login.json").read_text())
    with sync_playwright() as playwright:
        path = shutil.which("chromium") or shutil.which("google-chrome")
        browser = playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])
        page = browser.new_page(base_url=url)
        page.set_default_timeout(PATIENCE)
        page.goto("/upload/")
        page.fill("#id_username", login["username"])
        page.fill("#id_password", login["password"])
        page.keyboard.press("Enter")
        page.get_by_role("heading", name="Upload CVs").wait_for()
        yield page
        browser.close()


def by_page(page: Page, path: Path) -> float:
    """Seconds from *Start Analysis* until `complete` was answered."""
    page.goto("/upload/")
    page.set_input_files("#files", str(path))
    button = page.get_by_role("button", name=re.compile("Start Analysis"))
    with page.expect_response(re.compile(f"{DOOR}/complete$"), timeout=PATIENCE):
        begun = time.perf_counter()
        button.click()
    seconds = time.perf_counter() - begun
    expect(page.locator(".card").first).to_have_attribute("data-state", re.compile("ready|failed"), timeout=PATIENCE)
    return seconds


def by_curl(ours: Ours, file: Made, folder: Path) -> float:
    """Seconds from `init` until `complete` was answered. The chunks lie in files, their hashes are known."""
    pieces = folder / "pieces"
    if not pieces.is_dir():
        pieces.mkdir()
        for index in range(file.count):
            (pieces / str(index)).write_bytes(file.piece(index))
    caller, begun = ours.client(), time.perf_counter()
    upload_id = ours.open(caller, file)
    calls = "next\n".join(_call(ours, upload_id, pieces, file, index) for index in range(file.count))
    command = ["curl", "--silent", "--fail", "--parallel", "--parallel-max", str(AT_ONCE), "--config", "-"]
    subprocess.run(command, input=calls.encode(), check=True, stdout=subprocess.DEVNULL)
    ours.complete(caller, upload_id)
    seconds = time.perf_counter() - begun
    ours.assert_whole(upload_id, file)
    return seconds


def _call(ours: Ours, upload_id: str, pieces: Path, file: Made, index: int) -> str:
    fields = {"upload_id": upload_id, "chunk_index": index, "sha256": file.hashes[index]}
    lines = [
        f'url = "{ours.url}{DOOR}/chunk"',
        f'header = "Authorization: Bearer {ours.token}"',
        'output = "/dev/null"',
    ]
    lines += [f'form = "{name}={value}"' for name, value in fields.items()]
    return "\n".join([*lines, f'form = "chunk=@{pieces / str(index)}"', 'output = "/dev/null"', ""])
