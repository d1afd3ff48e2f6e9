"""Settings come from the environment; what cannot be meant stops the start with a sentence that helps."""

from __future__ import annotations

import os
import runpy

import pytest
from django.core.exceptions import ImproperlyConfigured

from ats.environment import PREFIXES

PRODUCTION = {
    "ATS_ENVIRONMENT": "production",
    "SECRET_KEY": "k" * 50,
    "DATABASE_URL": "postgres://ats@db/ats",
    "REDIS_URL": "redis://redis:6379/0",
    "PUBLIC_URL": "https://ats.example.com",
    "ALLOWED_HOSTS": "ats.example.com",
}
S3 = {"S3_BUCKET": "cvs", "S3_ACCESS_KEY_ID": "key", "S3_SECRET_ACCESS_KEY": "secret"}


@pytest.fixture
def load(monkeypatch, tmp_path):
    """Reads the settings in an environment that says only this."""

    def run(**values):
        for name in list(os.environ):
            if name.startswith(PREFIXES) or name in (*PRODUCTION, "DEBUG", "LOG_DIR", "LOG_DAYS"):
                monkeypatch.delenv(name)
        for name, value in {"ATS_DATA_DIR": str(tmp_path), **values}.items():
            monkeypatch.setenv(name, value)
        return runpy.run_module("ats.settings")

    return run


def test_with_nothing_set_it_is_the_embedded_default(load):
    found = load()
    assert found["DATABASES"]["default"]["ENGINE"].endswith("sqlite3")
    assert (found["S3_BUCKET"], found["CELERY_BROKER_URL"]) == ("", None)
    assert found["CACHES"]["default"]["BACKEND"].endswith("LocMemCache")
    assert not found["DEBUG"]


def test_the_defaults_are_those_of_the_contract(load):
    found = load()
    assert found["ATS_ENVIRONMENT"] == "local"
    assert found["CV_MAX_BYTES"] == 10 * 2**20
    assert found["CV_FILE_TYPES"] == ["pdf", "doc", "docx", "rtf", "odt"]
    assert found["VIDEO_FILE_TYPES"] == ["mp4", "mov", "webm", "mkv"]
    assert found["UPLOAD_MAX_BYTES"] == 5 * 2**30
    assert (found["PRESIGN_TTL"], found["MULTIPART_FROM"]) == (900, 100 * 2**20)
    assert (found["RESUME_STORAGE_DIR"], found["LOG_DAYS"], found["LEDGER_DAYS"]) == ("resumes", 30, 90)
    assert found["CORS_ALLOWED_ORIGINS"] == []


def test_services_that_are_named_are_used(load):
    found = load(**PRODUCTION, **S3)
    assert found["DATABASES"]["default"]["ENGINE"].endswith("postgresql")
    assert found["CELERY_BROKER_URL"] == "redis://redis:6379/0"
    assert found["CACHES"]["default"]["LOCATION"] == "redis://redis:6379/0"


def test_a_redis_on_a_socket_is_a_broker_too(load):
    assert load(REDIS_URL="unix:///run/redis.sock")["CELERY_BROKER_URL"] == "redis+socket:///run/redis.sock"


def test_an_empty_value_means_not_set(load):
    assert load(CV_MAX_BYTES="", S3_BUCKET=" ", DATABASE_URL="")["CV_MAX_BYTES"] == 10 * 2**20


def test_numbers_may_be_written_in_groups(load):
    assert load(CV_MAX_BYTES="20_000_000")["CV_MAX_BYTES"] == 20_000_000


REFUSED = {
    "a misspelt name": ({"CV_MAX_BYTE": "5"}, r"Unknown setting CV_MAX_BYTE\. Did you mean CV_MAX_BYTES\?"),
    "an unknown name": ({"ATS_NO_SUCH_THING": "5"}, r"Unknown setting ATS_NO_SUCH_THING\..*\.env\.example"),
    "a number that is none": ({"CV_MAX_BYTES": "10MB"}, "CV_MAX_BYTES cannot be read"),
    "a number too small": ({"PRESIGN_TTL": "5"}, "PRESIGN_TTL is 5; it must be at least 60"),
    "a rate of nothing": ({"RATE_CAPTURE": "0"}, "RATE_CAPTURE is 0"),
    "a bucket without keys": ({"S3_BUCKET": "cvs"}, "S3_BUCKET is set: S3_ACCESS_KEY_ID and S3_SECRET_ACCESS_KEY"),
    "keys without a bucket": ({"S3_ACCESS_KEY_ID": "key"}, "name the bucket"),
    "an endpoint without a bucket": ({"S3_ENDPOINT_URL": "http://s3"}, "name the bucket"),
    "another database": ({"DATABASE_URL": "mysql://ats@db/ats"}, "DATABASE_URL must begin with postgres://"),
    "an unknown file type": ({"CV_FILE_TYPES": "pdf,exe"}, "exe is no known file type"),
    "an address of another kind": ({"PUBLIC_URL": "ftp://x"}, "PUBLIC_URL must begin with http"),
    "production with DEBUG": ({**PRODUCTION, "DEBUG": "on"}, "DEBUG must be off"),
    "production with a short key": ({**PRODUCTION, "SECRET_KEY": "short"}, "SECRET_KEY must be set"),
    "production without a key": ({**PRODUCTION, "SECRET_KEY": ""}, "SECRET_KEY must be set"),
    "production on SQLite": ({**PRODUCTION, "DATABASE_URL": ""}, "DATABASE_URL and REDIS_URL must be set"),
    "production without a broker": ({**PRODUCTION, "REDIS_URL": ""}, "DATABASE_URL and REDIS_URL must be set"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_cannot_be_meant_stops_the_start(load, case):
    values, sentence = REFUSED[case]
    with pytest.raises(ImproperlyConfigured, match=sentence):
        load(**values)


@pytest.mark.parametrize("name", ["S3_SECRET_ACCESS_KEY", "SECRET_KEY", "DATABASE_URL"])
def test_no_refusal_tells_a_secret(load, name):
    with pytest.raises(ImproperlyConfigured) as refusal:
        load(**{**PRODUCTION, **S3, name: "hunter2", "CV_MAX_BYTES": "x"})
    assert "hunter2" not in str(refusal.value)


def test_names_that_clients_read_in_the_same_shell_are_let_be(load):
    load(ATS_URL="http://127.0.0.1:8000", ATS_TOKEN="x", CV_CAPTURE_AUTH_TOKEN="x")


def test_a_public_https_address_hardens_the_browser_side(load):
    found = load(**PRODUCTION)
    assert found["SESSION_COOKIE_SECURE"]
    assert found["CSRF_COOKIE_SECURE"]
    assert found["SECURE_HSTS_SECONDS"] > 0
