"""What the tests share: people who call, and outages. Each test begins with an empty store, cache and daily log.

The tests run in process against whatever the environment names: PostgreSQL, Redis and S3 where their settings are
given, else SQLite, a cache in memory and the disk.
"""

from __future__ import annotations

import logging
import os
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
from django.conf import settings
from django.core.cache import cache
from django.db import connection

from ats import limits
from ats.tests.builders import CV, Caller, make_cv, make_user
from ats.tests.house import House
from uploads import bell
from uploads.s3 import S3Store
from uploads.signals import document_stored
from uploads.storage import get_store

NOWHERE = "127.0.0.1:1"  # nobody listens on port 1


@pytest.fixture
def api(db: None) -> Caller:
    return Caller(make_user("Recruiter"))


@pytest.fixture
def other(db: None) -> Caller:
    """Another recruiter."""
    return Caller(make_user("Recruiter"))


@pytest.fixture
def reviewer(db: None) -> Caller:
    return Caller(make_user("Reviewer"))


@pytest.fixture
def ops(db: None) -> Caller:
    return Caller(make_user("Ops"))


@pytest.fixture
def nobody(db: None) -> Caller:
    """Signed in, but in no group."""
    return Caller(make_user())


@pytest.fixture
def anonymous() -> Caller:
    return Caller()


@pytest.fixture
def cv() -> CV:
    return make_cv()


@pytest.fixture
def rung(django_capture_on_commit_callbacks: Any) -> Callable[[Callable[[], Any]], int]:
    """Calls something, and returns how often the bell rang for it."""

    def count(do: Callable[[], Any]) -> int:
        heard: list[uuid.UUID] = []

        def listen(doc_id: uuid.UUID, **_: Any) -> None:
            heard.append(doc_id)

        document_stored.connect(listen)
        try:
            with django_capture_on_commit_callbacks(execute=True):
                do()
        finally:
            document_stored.disconnect(listen)
        return len(heard)

    return count


# --- Each test for itself ---------------------------------------------------------------------------------------------


def pytest_configure(config: pytest.Config) -> None:
    """Pages find style sheets without `collectstatic`; processes that test side by side share no database of Redis."""
    settings.STORAGES["staticfiles"]["BACKEND"] = "django.contrib.staticfiles.storage.StaticFilesStorage"
    if settings.REDIS_URL and hasattr(config, "workerinput"):
        _take_redis(int(config.workerinput["workerid"].removeprefix("gw")))


def _take_redis(number: int) -> None:
    """The database of that number, for this process and those it starts."""
    on_socket = settings.REDIS_URL.startswith("unix:")
    url = f"{settings.REDIS_URL}?db={number}" if on_socket else f"{settings.REDIS_URL.rpartition('/')[0]}/{number}"
    os.environ["REDIS_URL"] = settings.REDIS_URL = url
    settings.CELERY_BROKER_URL = url.replace("unix://", "redis+socket://").replace("?db=", "?virtual_host=")
    settings.CACHES["default"]["LOCATION"] = url


@pytest.fixture(scope="session")
def django_db_modify_db_settings(django_db_modify_db_settings: None, tmp_path_factory: pytest.TempPathFactory) -> None:
    """SQLite in a file: the threads of a test share it as processes do."""
    if connection.vendor == "sqlite":
        name = tmp_path_factory.mktemp("database") / "test.sqlite3"
        connection.settings_dict["TEST"]["NAME"] = str(name)


@pytest.fixture(scope="session")
def bucket(worker_id: str) -> str:
    """A versioned bucket of this test process, where the environment names S3."""
    if settings.S3_BUCKET and worker_id != "master":
        settings.S3_BUCKET = f"{settings.S3_BUCKET}-{worker_id}"
        make_bucket(settings.S3_BUCKET)
    return settings.S3_BUCKET


@pytest.fixture(autouse=True)
def _clean_house(bucket: str, settings: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[None]:
    """Store, cache, queue and daily log are empty when a test begins."""
    settings.ATS_DATA_DIR, settings.LOG_DIR = tmp_path / "data", tmp_path / "logs"
    plain = {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}  # nothing has been collected
    settings.STORAGES = {**settings.STORAGES, "staticfiles": plain}
    for door in ("door.cv_capture", "door.chunked_upload"):
        for handler in logging.getLogger(door).handlers:
            if hasattr(handler, "folder"):
                handler.folder = settings.LOG_DIR
    if not bucket:
        get_store.cache_clear()
    cache.clear()
    asked = get_store.cache_info().hits + get_store.cache_info().misses
    yield
    monkeypatch.undo()
    if bucket and get_store.cache_info().hits + get_store.cache_info().misses > asked:
        _empty_bucket()


def _empty_bucket() -> None:
    store = get_store()
    for upload in store.multiparts():
        store.abort_multipart(upload.key, upload.upload_id)
    for placed in list(store.versions()):
        store.delete(placed.key, placed.version)


# --- Outages ----------------------------------------------------------------------------------------------------------


@pytest.fixture
def store_away(monkeypatch: pytest.MonkeyPatch, settings: Any, tmp_path: Path) -> Callable[[], None]:
    """Call it, and the store does not answer any more until the test ends."""

    def leave() -> None:
        store = get_store()
        if isinstance(store, S3Store):
            assert store.client  # made while the settings name the store: it comes back when the test ends
            settings.S3_ENDPOINT_URL = f"http://{NOWHERE}"
            monkeypatch.setattr(store, "client", S3Store().client)
        else:
            (tmp_path / "no-folder").write_text("a file where the disk should be")
            monkeypatch.setattr(store, "root", tmp_path / "no-folder")

    return leave


@pytest.fixture
def broker_away(settings: Any) -> Iterator[None]:
    """Nothing answers where the settings say that Redis is."""
    settings.REDIS_URL = settings.CELERY_BROKER_URL = f"redis://{NOWHERE}/0"
    _forget_connections()
    yield
    _forget_connections()


def _forget_connections() -> None:
    limits.shared_redis.cache_clear()
    limits.counter.reset()
    bell.forget_connections()


# --- The whole system -------------------------------------------------------------------------------------------------


class RunningSystem(House):
    @property
    def token(self) -> str:
        """Of a reviewer's device."""
        return self.tokens["ATS_TOKEN"]


@pytest.fixture(scope="session")
def running_system(bucket: str, worker_id: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningSystem]:
    """The whole system as processes, for tests that walk through it: `url`, `token`, `tokens`, `api()`.

    With a database and a bucket of its own beside those of the tests in process, where the environment names servers.
    """
    house = RunningSystem(tmp_path_factory.mktemp("house"), settings=_services(bucket, worker_id))
    try:
        house.wait_until_ready()
        yield house
    finally:
        house.end()


def _services(bucket: str, worker_id: str) -> dict[str, str]:
    if not settings.DATABASE_URL:
        return {}
    database, house_bucket = f"house_{worker_id}", f"{bucket}-house"
    with psycopg.connect(settings.DATABASE_URL, autocommit=True) as server:
        server.execute(f'CREATE DATABASE "{database}"')
    make_bucket(house_bucket)
    return {
        "DATABASE_URL": f"{settings.DATABASE_URL.rpartition('/')[0]}/{database}",
        **{name: getattr(settings, name) for name in ("S3_ENDPOINT_URL", "S3_REGION")},
        **{name: getattr(settings, name) for name in ("S3_ACCESS_KEY_ID", "S3_SECRET_ACCESS_KEY")},
        "S3_BUCKET": house_bucket,
    }


def make_bucket(name: str) -> None:
    client = get_store().client  # type: ignore[attr-defined]  # only S3 has one
    client.create_bucket(Bucket=name)
    client.put_bucket_versioning(Bucket=name, VersioningConfiguration={"Status": "Enabled"})
