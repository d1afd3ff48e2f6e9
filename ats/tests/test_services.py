"""The services that tests start: each keeps its port and its data when it is killed and started again."""

from __future__ import annotations

import io
from collections.abc import Iterator
from pathlib import Path

import boto3
import psycopg
import pytest
import redis

from ats.processes import all_running, free_port
from ats.services.base import temporary_folder
from ats.services.postgresql import PostgreSQL
from ats.services.redis import Redis
from ats.services.s3 import S3


@pytest.fixture
def folder() -> Iterator[Path]:
    with temporary_folder() as folder:
        yield folder
    assert not folder.exists()


def test_postgresql_keeps_what_was_committed(folder: Path) -> None:
    service = PostgreSQL(folder / "postgresql")
    with all_running(service):
        url = service.settings()["DATABASE_URL"]
        with psycopg.connect(url) as before:
            before.execute("CREATE TABLE cv AS SELECT 'Zoë' AS name")
        service.kill()
        with pytest.raises(psycopg.OperationalError):
            psycopg.connect(url)
        service.start()
        service.wait_until_ready()
        with psycopg.connect(url) as after:
            assert after.execute("SELECT upper(name) FROM cv").fetchone() == ("ZOË",)


@pytest.mark.skipif(not Redis.available(), reason="no Redis for this platform")
@pytest.mark.parametrize("on_a_port", [True, False])
def test_redis_keeps_its_queue(folder: Path, on_a_port: bool) -> None:
    service = Redis(folder / "redis", free_port() if on_a_port else 0)
    with all_running(service):
        queue = redis.Redis.from_url(service.settings()["REDIS_URL"])
        queue.rpush("ats", "message")
        service.stop()
        with pytest.raises(redis.ConnectionError):
            queue.ping()
        service.start()
        service.wait_until_ready()
        assert queue.lrange("ats", 0, -1) == [b"message"]


def test_the_store_keeps_every_version(folder: Path) -> None:
    service = S3(folder / "s3")
    with all_running(service):
        settings = service.settings()
        keys = {
            "aws_access_key_id": settings["S3_ACCESS_KEY_ID"],
            "aws_secret_access_key": settings["S3_SECRET_ACCESS_KEY"],
        }
        store = boto3.client("s3", endpoint_url=settings["S3_ENDPOINT_URL"], region_name="us-east-1", **keys)
        place = {"Bucket": settings["S3_BUCKET"], "Key": "cv.pdf"}
        first, second = (store.put_object(**place, Body=io.BytesIO(content))["VersionId"] for content in (b"1", b"2"))
        service.kill()
        service.start()
        service.wait_until_ready()
        versions = {version: store.get_object(**place, VersionId=version)["Body"].read() for version in (first, second)}
        assert versions == {first: b"1", second: b"2"}
