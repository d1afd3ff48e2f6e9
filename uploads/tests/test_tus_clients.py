"""Clients from the registries, as they are, against the tus door: broken in the middle, and going on."""

import fcntl
import hashlib
import shutil
import subprocess
from pathlib import Path

import pytest
from tusclient.client import TusClient

from ats.tests.builders import read_back
from uploads.models import Document, UploadSession
from uploads.tasks import verify_session
from uploads.tests.chunks import CHUNK, make_bytes

pytestmark = pytest.mark.django_db(transaction=True)
TUS_JS = Path(__file__).with_name("tus_js")
INSTALL = ["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund"]


@pytest.fixture(scope="session")
def tus_js(request):
    """A program that uploads with tus-js-client as package-lock.json pins it, installed once for all test runs."""
    if not (shutil.which("node") and shutil.which("npm")):
        pytest.skip("tus-js-client needs node and npm, and they are not installed here")
    pinned = hashlib.sha256((TUS_JS / "package-lock.json").read_bytes()).hexdigest()[:16]
    folder = request.config.cache.mkdir(f"tus-js-{pinned}")
    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # test processes side by side share the folder
        shutil.copytree(TUS_JS, folder, dirs_exist_ok=True)
        if not (folder / "installed").exists():
            done = subprocess.run(INSTALL, cwd=folder, capture_output=True, text=True, timeout=300, check=False)
            if done.returncode:
                pytest.skip(f"npm could not install tus-js-client: {done.stderr.strip()[-200:]}")
            (folder / "installed").touch()
    return folder / "client.mjs"


@pytest.fixture
def content():
    return make_bytes(3 * CHUNK + 1000)


@pytest.fixture
def video(tmp_path, content):
    path = tmp_path / "talk.mp4"
    path.write_bytes(content)
    return path


def assert_arrived(content):
    session = UploadSession.objects.get()
    assert session.status == "verifying"
    verify_session(str(session.pk))
    assert read_back(Document.objects.get().pinned) == content


def uploader(live_server, api, video, **facts):
    client = TusClient(f"{live_server.url}/api/tus/", headers={"Authorization": f"Bearer {api.token}"})
    return client.uploader(str(video), metadata={"filename": "talk.mp4"}, **facts)


@pytest.mark.parametrize("size", [2**20 + 1, CHUNK, 7 * 2**20, 2**40])
def test_tuspy_uploads_in_pieces_of_any_size(live_server, api, video, content, size):
    uploader(live_server, api, video, chunk_size=size).upload()
    assert_arrived(content)


def test_tuspy_goes_on_where_another_process_was_stopped(live_server, api, video, content):
    first = uploader(live_server, api, video, chunk_size=2**20)
    for _ in range(7):
        first.upload_chunk()
    again = uploader(live_server, api, video, chunk_size=2**20, url=first.url)
    assert again.offset == 7 * 2**20
    again.upload()
    assert_arrived(content)


def test_tuspy_sends_checksums_and_they_are_kept(live_server, api, video, content):
    uploader(live_server, api, video, chunk_size=4 * 2**20, upload_checksum=True).upload()
    assert_arrived(content)


@pytest.mark.parametrize("size", ["1000000", "Infinity"])
def test_tus_js_client_is_killed_in_the_middle_and_goes_on(live_server, api, video, content, size, tus_js):
    place = f"{live_server.url}/api/tus/"
    run = ["node", str(tus_js), place, api.token, str(video), size]
    killed = subprocess.run([*run, "stop"], capture_output=True, text=True, timeout=60, check=False)
    url = killed.stdout.strip()
    assert url.startswith(place), killed.stderr
    done = subprocess.run([*run, url], capture_output=True, text=True, timeout=60, check=False)
    assert done.stdout.strip() == f"done {url}", done.stderr
    assert_arrived(content)
