from __future__ import annotations

import contextlib
import io
import os
import signal
import threading
import zipfile
import zlib
from collections import Counter
from pathlib import Path

import pytest

from parsing import Unreadable, sandbox
from parsing.sandbox import read_safely
from parsing.tests.cv_maker import Person, make_docx, make_pdf


def content_bomb(operators: int = 2_000_000) -> bytes:
    """One page whose content stream inflates a thousandfold."""
    body = zlib.compress(b"BT /F1 12 Tf 0 0 Td (x) Tj ET\n" * operators, 9)
    return (
        b"%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n2 0 obj<</Type/Pages/Count 1/Kids[3 0 R]>>endobj\n"
        b"3 0 obj<</Type/Page/Parent 2 0 R/MediaBox[0 0 600 800]/Resources<</Font<</F1 5 0 R>>>>"
        b"/Contents 4 0 R>>endobj\n"
        b"5 0 obj<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>endobj\n4 0 obj<</Filter/FlateDecode/Length "
        + str(len(body)).encode()
        + b">>stream\n"
        + body
        + b"\nendstream endobj\ntrailer<</Root 1 0 R>>\n%%EOF"
    )


def zip_bomb() -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("word/document.xml", b"<w:document>" + b" " * (200 * 2**20))
    return out.getvalue()


@pytest.fixture
def good(tmp_path: Path) -> Path:
    path = tmp_path / "good.pdf"
    path.write_bytes(make_pdf(Person()))
    return path


def put(tmp_path: Path, data: bytes) -> Path:
    path = tmp_path / "bad"
    path.write_bytes(data)
    return path


def open_files() -> Counter[str]:
    """What is open, each by what it is, and how often."""
    found: Counter[str] = Counter()
    for number in os.listdir("/proc/self/fd"):
        with contextlib.suppress(FileNotFoundError):  # that of the list itself
            found[os.readlink(f"/proc/self/fd/{number}")] += 1
    return found


def test_a_good_file_reads_as_in_this_process(good):
    assert read_safely(good, "good.pdf").fields["basics"]["name"] == "Amara Okafor"


def test_the_notes_of_a_reading_come_only_when_asked_for(good):
    assert "explain" not in read_safely(good).fields["meta"]
    assert read_safely(good, explain=True).fields["meta"]["explain"]


@pytest.mark.parametrize("bomb", [content_bomb, zip_bomb])
def test_a_bomb_is_refused_and_the_next_file_is_read(tmp_path, good, bomb):
    with pytest.raises(Unreadable):
        read_safely(put(tmp_path, bomb()))
    assert read_safely(good).fields["basics"]["name"] == "Amara Okafor"


def test_a_missing_file_is_unreadable_and_no_path_leaks(tmp_path):
    with pytest.raises(Unreadable) as caught:
        read_safely(tmp_path / "missing.pdf")
    assert "missing" not in caught.value.reason


def test_a_killed_server_is_replaced(good):
    read_safely(good)
    server = sandbox._fork_server()
    os.kill(server.process.pid, signal.SIGKILL)
    server.process.wait()
    assert read_safely(good).fields["basics"]["name"] == "Amara Okafor"


def test_many_files_leave_no_open_file_behind(tmp_path, good):
    read_safely(good)
    before, bad = open_files(), put(tmp_path, b"%PDF-1.4 broken")
    for _ in range(10):
        read_safely(good)
        with pytest.raises(Unreadable):
            read_safely(bad)
    assert not open_files() - before  # what an earlier test left may be closed meanwhile


def test_threads_may_read_at_once(tmp_path):
    people = [Person(name=f"{given} Okafor") for given in ("Amara", "Chidi", "Grace", "Samuel")]
    found: dict[str, str] = {}

    def work(number: int, person: Person) -> None:
        path = tmp_path / f"{number}.docx"
        path.write_bytes(make_docx(person))
        found[person.name] = read_safely(path).fields["basics"]["name"]

    threads = [threading.Thread(target=work, args=pair) for pair in enumerate(people)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == {person.name: person.name for person in people}


def test_a_reader_that_hangs_is_ended_by_its_alarm(good, monkeypatch):
    server = sandbox._fork_server()
    os.kill(server.process.pid, signal.SIGSTOP)
    try:
        assert server.ask(b"{}", wait=0.3) == {"error": "too_slow"}
    finally:
        os.kill(server.process.pid, signal.SIGCONT)
    assert read_safely(good).fields["basics"]["name"] == "Amara Okafor"


def test_without_fork_a_plain_process_reads(good, monkeypatch):
    monkeypatch.setattr(sandbox, "HAS_FORK", False)
    assert read_safely(good).fields["basics"]["name"] == "Amara Okafor"
