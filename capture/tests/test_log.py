"""The daily file: one line an event, in the words that its readers grep for, forged by nobody."""

from __future__ import annotations

import json
import logging
import re
import subprocess
import sys
from datetime import UTC, datetime

import pytest

from ats.tests.builders import METADATA, PRESIGN, capture, presign
from capture.receipts import logger
from uploads.daily_log import DailyFileHandler, SeedFormatter

LINE = re.compile(r"\[\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\] (\w+)\.([A-Z]+): ([A-Za-z ]+) (\{.*\})")


@pytest.fixture
def lines(settings):
    """The parsed lines of today's file: (environment, level, message, facts)."""

    def read():
        path = settings.LOG_DIR / f"cv-capture-{datetime.now(UTC):%Y-%m-%d}.log"
        text = path.read_text(encoding="ascii") if path.exists() else ""
        matches = [LINE.fullmatch(line) for line in text.splitlines()]
        assert all(matches), text
        return [(*match.groups()[:3], json.loads(match[4])) for match in matches]

    return read


@pytest.mark.django_db
def test_a_capture_is_one_line_in_the_known_form(api, cv, lines):
    body = capture(api, cv).json()
    facts = {
        "user_id": api.user.pk,
        "cv_capture_id": body["cv_capture_id"],
        "file_name": cv.file_name,
        "source": "download",
        "ip_address": "127.0.0.1",
    }
    assert lines() == [("local", "INFO", "CV uploaded", facts)]


@pytest.mark.django_db
def test_the_same_capture_again_is_no_second_line(api, cv, lines):
    capture(api, cv), capture(api, cv)
    assert len(lines()) == 1


@pytest.mark.django_db
@pytest.mark.parametrize(("path", "operation"), [(PRESIGN, "cv_capture.presign"), (METADATA, "cv_capture.metadata")])
def test_a_refusal_is_a_warning_with_the_fields_at_fault(api, cv, lines, path, operation):
    response = api.post(path, cv.presign(sha256="abc", s3_key="k"))
    [(_, level, message, facts)] = lines()
    assert (level, message, facts["operation"]) == ("WARNING", "Request refused", operation)
    assert facts["errors"] == response.json()["errors"]
    assert facts["trace_id"] == response["X-Trace-Id"]


@pytest.mark.django_db
def test_refusals_of_every_kind_stand_there(api, nobody, anonymous, cv, lines):
    key = presign(api, cv)["s3_key"]
    for caller in (api, nobody, anonymous):
        caller.post(METADATA, cv.presign(s3_key=key))
    assert [facts["status"] for *_, facts in lines()] == [409, 403, 401]


@pytest.mark.django_db
def test_an_outage_is_an_error_line(api, cv, lines, store_away):
    key = presign(api, cv)["s3_key"]
    store_away()
    api.post(METADATA, cv.presign(s3_key=key))
    [(_, level, _, facts)] = lines()
    assert (level, facts["status"], facts["code"]) == ("ERROR", 503, "store_unavailable")


FORGED = [
    "x.pdf\n[2025-11-10 17:30:00] local.INFO: CV uploaded {}",
    "x\r\n\x1b[2K\u2028\u2029\x85.pdf",
    '"},"user_id":1,{"a":".pdf',
    "\ud800\x00😀.pdf",
    "x" * 100_000,
]


@pytest.mark.parametrize("name", FORGED)
def test_no_name_can_forge_a_line(lines, name):
    logger.info("CV uploaded", extra={"facts": {"file_name": name}})
    [(_, _, _, facts)] = lines()
    assert facts == {"file_name": name}


WRITER = """
import logging, sys
from uploads.daily_log import DailyFileHandler, SeedFormatter
handler = DailyFileHandler(sys.argv[1])
handler.setFormatter(SeedFormatter("local"))
log = logging.Logger("writer")
log.addHandler(handler)
for number in range(200):
    log.info("CV uploaded", extra={"facts": {"writer": int(sys.argv[2]), "number": number, "file_name": "x" * 3000}})
"""


def test_lines_of_several_processes_stay_whole(settings, lines):
    command = [sys.executable, "-c", WRITER, str(settings.LOG_DIR)]
    writers = [subprocess.Popen([*command, str(number)], cwd=settings.BASE_DIR) for number in range(4)]
    assert [writer.wait(60) for writer in writers] == [0] * 4
    written = [(facts["writer"], facts["number"]) for *_, facts in lines()]
    assert sorted(written) == [(writer, number) for writer in range(4) for number in range(200)]


@pytest.mark.django_db
def test_a_log_that_cannot_be_written_refuses_no_cv(api, cv, settings, monkeypatch):
    monkeypatch.setattr(logging, "raiseExceptions", False)
    settings.LOG_DIR.write_text("a file where the folder should be")
    assert capture(api, cv).status_code == 201


def test_the_file_is_named_by_the_day_of_the_event_in_utc(tmp_path):
    handler = DailyFileHandler(str(tmp_path))
    handler.setFormatter(SeedFormatter("production"))
    record = logging.LogRecord("x", logging.INFO, "", 0, "CV uploaded", None, None)
    record.created = datetime(2025, 11, 10, 23, 59, 59, tzinfo=UTC).timestamp()
    handler.emit(record)
    text = (tmp_path / "cv-capture-2025-11-10.log").read_text()
    assert text == "[2025-11-10 23:59:59] production.INFO: CV uploaded {}\n"
