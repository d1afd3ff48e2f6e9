"""All that the house holds, as small letters, by the place where it lies: for a search that must find nothing."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import redis
from django.contrib.sessions.models import Session
from django.db import connection

from uploads.storage import get_store

# What a process beside a running system does, to be given to `manage.py shell`. `sampled`: as if the night had passed.
SEARCH = """
import json, sys
from pathlib import Path
from django.conf import settings
from ats.tests import everything
asked = json.load(sys.stdin)
if asked["sampled"]:
    everything.sample()
folders = {Path(asked["folder"]), Path(settings.LOG_DIR)}
print(json.dumps(everything.where(asked["words"], everything.places(*folders, redis_url=settings.REDIS_URL))))
"""
SECRET_FILES = {"db.sqlite3", "db.sqlite3-wal", "db.sqlite3-shm"}


def places(*folders: Path, redis_url: str = "", bytes_of_database: bool = True) -> dict[str, str]:
    """Place → what is there. `bytes_of_database`: SQLite's files, free pages and journal among them."""
    found = {**_tables(), **_samples(), **_messages(), **_objects(), **_keys(redis_url)}
    for path in (path for folder in folders for path in folder.rglob("*")):
        if path.is_file() and (bytes_of_database or path.name not in SECRET_FILES):
            found[f"file {path.name}"] = f"{path} {path.read_bytes().decode('latin-1')}"
    return {place: text.lower() for place, text in found.items()}


def where(words: Iterable[str], found: dict[str, str]) -> list[tuple[str, str]]:
    """(word, place) of all that was found; a word is looked for as it is and as JSON writes it."""
    return [
        (word, place)
        for word in words
        for place, text in found.items()
        if word.lower() in text or json.dumps(word)[1:-1].lower() in text
    ]


def _tables() -> dict[str, str]:
    with connection.cursor() as cursor:
        names = connection.introspection.table_names(cursor)
        return {f"table {name}": "\n".join(_rows(cursor, connection.ops.quote_name(name))) for name in names}


def _rows(cursor: Any, table: str) -> Iterator[str]:
    cursor.execute(f"SELECT * FROM {table}")  # noqa: S608 (the database's own names)
    names = [column.name for column in cursor.description] if connection.vendor == "postgresql" else []
    if names:
        columns = ", ".join(f'"{name}"::text' for name in names)
        cursor.execute(f"SELECT {columns} FROM {table}")  # noqa: S608
    for row in cursor.fetchall():
        yield " ".join(v.decode("latin-1") if isinstance(v, bytes | memoryview) else str(v) for v in row)


def sample() -> None:
    """Lets PostgreSQL's planner look at the rows, as it does by itself from time to time."""
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("ANALYZE")


def _samples() -> dict[str, str]:
    """What PostgreSQL's planner knows of the values."""
    if connection.vendor != "postgresql":
        return {}
    with connection.cursor() as cursor:
        return {"the planner's samples": "\n".join(_rows(cursor, "pg_stats WHERE schemaname = 'public'"))}


def _messages() -> dict[str, str]:
    return {"sessions, decoded": "\n".join(json.dumps(row.get_decoded()) for row in Session.objects.all())}


def _objects() -> dict[str, str]:
    store = get_store()
    keys = [f"{stored.key} {stored.sha256} {stored.etag}" for stored in store.versions()]
    return {"store": "\n".join(keys + [f"{upload.key} {upload.upload_id}" for upload in store.multiparts()])}


def _keys(url: str) -> dict[str, str]:
    """Every key and queued message of every database of a Redis."""
    if not url:
        return {}
    client, found = redis.Redis.from_url(url), []
    for number in map(int, (name[2:] for name in client.info("keyspace"))):
        client.execute_command("SELECT", number)
        found += [f"{key!r} {client.dump(key)!r} {_value(client, key)}" for key in client.scan_iter()]
    return {"Redis": "\n".join(found)}


def _value(client: redis.Redis, key: bytes) -> str:
    read = {
        b"string": client.get,
        b"list": lambda name: client.lrange(name, 0, -1),
        b"hash": client.hgetall,
        b"set": client.smembers,
        b"zset": lambda name: client.zrange(name, 0, -1),
    }
    kind = client.type(key)
    return repr(read[kind](key)) if kind in read else ""
