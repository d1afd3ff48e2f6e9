"""Known secrets are fed through every call that logs, answers or stores; none may come out anywhere."""

from __future__ import annotations

import io
import json
import logging

import pytest
from django.db import connection

from ats.tests.builders import (
    CHECK,
    METADATA,
    PRESIGN,
    REQUEST,
    Caller,
    capture,
    issue,
    make_cv,
    make_user,
    presign,
    put,
    send,
)
from parsing.tasks import parse_document
from uploads.models import Document

pytestmark = pytest.mark.django_db
FORM = "application/x-www-form-urlencoded"
TABLES = ["request_traces", "error_logs", "documents", "cv_captures", "device_tokens"]


@pytest.fixture
def logged(settings):
    """Everything that was logged, as the handlers of the settings write it."""
    stream = io.StringIO()
    console = logging.StreamHandler(stream)
    console.setFormatter(logging.Formatter("%(levelname)s %(name)s %(message)s %(facts)s", defaults={"facts": ""}))
    logging.getLogger().addHandler(console)
    yield lambda: stream.getvalue() + "".join(path.read_text() for path in settings.LOG_DIR.glob("*.log"))
    logging.getLogger().removeHandler(console)


def stored_text():
    with connection.cursor() as cursor:
        rows = []
        for table in TABLES:
            cursor.execute(f"SELECT * FROM {table}")  # noqa: S608 (a constant)
            rows += cursor.fetchall()
    return str(rows)


def signature_of(url):
    return url.rpartition("ignature=")[2].partition("&")[0]


def known_secrets(settings, *more):
    named = [settings.SECRET_KEY, settings.S3_SECRET_ACCESS_KEY]
    password = settings.DATABASES["default"].get("PASSWORD", "")
    return [secret for secret in (*named, password, *more) if secret]


def test_no_secret_comes_out_of_any_call(settings, logged, store_away):
    settings.SECRET_KEY = "known-secret-key-of-the-installation-000000000000"
    user = make_user("Recruiter", username="asha", password="known-password-battery")
    token, wrong = issue(user), "ats_known-wrong-token"
    api, answers = Caller(user, token), []
    cv = make_cv()
    answers.append(capture(api, cv))
    url = presign(api, make_cv())["s3_url"]
    answers.append(put(url, b"other bytes"))
    parse_document(str(Document.objects.get(doc_hash_256=cv.sha256).pk))
    answers.append(Caller(token=wrong).post(CHECK, {"sha256": []}))
    for field in ("file_name", "source", "s3_key", "sha256", "emp_id", "device", "download_path"):
        answers.append(api.post(METADATA, cv.presign(**{"s3_key": "k", field: token})))
    answers.append(api.post(PRESIGN, token, content_type="application/json"))
    answers.append(api.post(f"/nowhere?token={token}", {}))
    answers.append(api.post(REQUEST, {}, headers={"X-Trace-Id": token}))
    answers.append(
        Caller().post("/admin/login/", f"username=asha&password={wrong}", "application/x-www-form-urlencoded")
    )
    payload = send(api, make_cv())
    store_away()
    answers.append(api.post(METADATA, payload))
    assert answers[-1].status_code == 503
    told = "".join(f"{answer.content.decode()} {json.dumps(dict(answer.headers))}" for answer in answers)
    secrets = known_secrets(settings, token, wrong, "known-password-battery", signature_of(url))
    assert len(secrets) >= 5
    for secret in secrets:
        assert secret not in logged(), "in a log"
        assert secret not in stored_text(), "in a table"
        assert secret not in told, "in an answer"


def test_a_failure_tells_no_path_and_no_statement(api, settings, store_away):
    cv = make_cv()
    payload = send(api, cv)
    store_away()
    body = api.post(METADATA, payload).content.decode()
    for inside in (str(settings.ATS_DATA_DIR), "SELECT", "Traceback", "botocore", payload["s3_key"]):
        assert inside not in body
