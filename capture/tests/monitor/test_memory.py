"""The journal and the log: what is remembered, through torn lines, power cuts and hands other than our own."""

import json
import os
import types

import journal
import lock
import log
import pytest


def found(size=5, mtime_ns=7):
    return types.SimpleNamespace(st_size=size, st_mtime_ns=mtime_ns)


def row(name, state, **more):
    return dict(journal.row_of("/d/" + name, found(), 100, state), **more)


def opened(tmp_path):
    book = journal.Journal(str(tmp_path / "journal.jsonl"))
    book.refresh()
    return book


def test_what_was_written_is_there_after_a_restart(tmp_path):
    book = opened(tmp_path)
    book.record(row("a", "waiting"), row("b", "waiting"))
    book.record(row("a", "sent", sha256="ab"))
    again = opened(tmp_path)
    assert list(again.waiting) == ["/d/b"]
    assert journal.key_of("/d/a", 5, 7) in again.known
    assert journal.key_of("/d/b", 5, 7) not in again.known
    assert os.stat(book.path).st_mode & 0o077 == 0


@pytest.mark.parametrize(
    "torn", [b'{"state": "sent", "path": "/d/b"', b"\0\0\0\0", b"[]", b'"x"', b"\xff\xfe\n", b'{"state": "sent"}\n']
)
def test_a_torn_last_line_is_ignored_and_the_next_one_is_whole(tmp_path, torn):
    book = opened(tmp_path)
    book.record(row("a", "waiting"))
    with open(book.path, "ab") as file:
        file.write(torn)
    again = opened(tmp_path)
    assert list(again.waiting) == ["/d/a"]
    again.record(row("c", "waiting"))
    assert sorted(opened(tmp_path).waiting) == ["/d/a", "/d/c"]


def test_a_name_that_is_no_text_survives_the_journal(tmp_path):
    opened(tmp_path).record(row("\udc80 \n", "waiting"))
    assert list(opened(tmp_path).waiting) == ["/d/\udc80 \n"]


def test_a_running_monitor_sees_what_others_write(tmp_path):
    book = opened(tmp_path)
    book.record(row("a", "sent", sha256="abcdef0123"))
    assert book.refresh() is False
    journal.append(book.path, [{"state": "forgotten", "sha256": "abcdef01"}])
    assert book.refresh() is True
    assert book.known == set()
    journal.append(book.path, [row("b", "waiting")])
    book.record(row("c", "waiting"))
    assert book.refresh() is True
    assert sorted(book.waiting) == ["/d/b", "/d/c"]


def test_to_forget_all_keeps_what_was_there_before_the_first_start(tmp_path):
    book = opened(tmp_path)
    book.record(row("old", "old"), {"state": "baseline"}, row("a", "sent", sha256="ab"))
    journal.append(book.path, [{"state": "forgotten", "all": True}])
    book.record(row("b", "sent", sha256="cd"))
    again = opened(tmp_path)
    assert again.has_baseline
    assert len(again.known) == 2
    assert journal.sent_hashes(book.path) == {"cd"}


def test_a_long_journal_is_made_short_without_losing_anything(tmp_path, monkeypatch):
    monkeypatch.setattr(journal, "COMPACT_AT", 50)
    book = opened(tmp_path)
    for number in range(60):
        book.record(row("a", "waiting", reason=str(number)))
    book.record(row("a", "sent", sha256="ab"), row("b", "waiting"))
    again = opened(tmp_path)
    assert len((tmp_path / "journal.jsonl").read_text().splitlines()) == 2
    assert list(again.waiting) == ["/d/b"]
    assert journal.sent_hashes(book.path) == {"ab"}


def test_what_is_written_while_it_is_made_short_is_not_lost(tmp_path, monkeypatch):
    monkeypatch.setattr(journal, "COMPACT_AT", 50)
    book = opened(tmp_path)
    for number in range(60):
        book.record(row("a", "waiting", reason=str(number)))
    written = journal.os.fsync

    def write_meanwhile(number):
        monkeypatch.setattr(journal.os, "fsync", written)
        journal.append(book.path, [row("b", "waiting")])
        written(number)

    monkeypatch.setattr(journal.os, "fsync", write_meanwhile)
    again = opened(tmp_path)
    assert again.refresh() is True
    assert sorted(again.waiting) == ["/d/a", "/d/b"]
    assert os.listdir(tmp_path) == ["journal.jsonl"]


def test_hashes_that_were_forgotten_are_sent_again(tmp_path):
    book = opened(tmp_path)
    book.record(row("a", "sent", sha256="aa11"), row("b", "duplicate", sha256="bb22"), row("c", "waiting", sha256="cc"))
    assert journal.sent_hashes(book.path) == {"aa11", "bb22"}
    journal.append(book.path, [{"state": "forgotten", "sha256": "aa"}])
    assert journal.sent_hashes(book.path) == {"bb22"}
    journal.append(book.path, [{"state": "forgotten", "all": True}, row("d", "sent", sha256="dd")])
    assert journal.sent_hashes(book.path) == {"dd"}


def test_the_log_turns_over_and_keeps_three_old_files(tmp_path):
    book = log.Log(str(tmp_path), max_bytes=200)
    for number in range(40):
        book.state(f"event {number}")
    assert sorted(os.listdir(tmp_path)) == ["alerts.log", "alerts.log.1", "alerts.log.2", "alerts.log.3"]
    assert "event 39" in (tmp_path / "alerts.log").read_text()
    assert all(path.stat().st_size < 300 for path in tmp_path.iterdir())


def test_no_line_can_be_forged_and_no_token_is_written(tmp_path):
    book = log.Log(str(tmp_path))
    book.secret = "s3cr3t-token"
    book.say("Uploaded a\n[2025] forged \u202efdp.pdf \udc80 with s3cr3t-token")
    assert (tmp_path / "alerts.log").read_text().split("] ", 1)[1] == "Uploaded a?[2025] forged ?fdp.pdf ? with ***\n"


def test_a_lock_ends_with_its_holder(tmp_path):
    held = lock.hold(str(tmp_path))
    assert lock.held(str(tmp_path))
    with pytest.raises(lock.AlreadyRunning):
        lock.hold(str(tmp_path))
    held.close()
    assert not lock.held(str(tmp_path))


def test_rows_are_plain_json_lines_for_people(tmp_path):
    opened(tmp_path).record(row("a", "parked", reason="too large"))
    line = json.loads((tmp_path / "journal.jsonl").read_text())
    assert (line["state"], line["reason"], line["path"]) == ("parked", "too large", "/d/a")
