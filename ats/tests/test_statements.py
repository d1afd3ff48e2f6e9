"""What the calls that come most often cost: a few statements, and one round trip to the cache."""

from __future__ import annotations

import pytest
import redis
from django.db import connection
from django.test.utils import CaptureQueriesContext

from ats.tests.builders import CHECK, presign, stored
from uploads.tests.chunks import begun, make_bytes, send_chunk

pytestmark = pytest.mark.django_db
MOST = 4
MOST_FOR_A_CHUNK = 7  # token, session, turn to write, still our turn, arrival, how many there are, ledger
FRAMING = ("BEGIN", "COMMIT", "SAVEPOINT", "RELEASE SAVEPOINT")


@pytest.fixture
def statements(api):
    """Counts the statements of a call by a device that was seen within the minute."""
    api.post(CHECK, {"sha256": []})

    def count(do):
        with CaptureQueriesContext(connection) as asked:
            do()
        return [query["sql"] for query in asked]

    return count


@pytest.mark.parametrize("met", ["new", "known", "stored"])
def test_presign_takes_at_most_four_statements(api, cv, statements, met):
    if met == "known":
        presign(api, cv)
    if met == "stored":
        stored(cv)
    asked = statements(lambda: presign(api, cv))
    work = [sql for sql in asked if not sql.startswith(FRAMING)]
    assert len(work) <= MOST, "\n".join(asked)
    if connection.vendor == "postgresql":
        assert asked == work  # document and capture are one statement, so no transaction is opened and closed


@pytest.mark.parametrize("met", ["new", "sent before"])
def test_a_chunk_takes_few_statements(api, statements, met):
    content = make_bytes(1000)
    upload_id = begun(api, content)
    if met == "sent before":
        send_chunk(api, upload_id, 0, content)
    asked = statements(lambda: send_chunk(api, upload_id, 0, content))
    work = [sql for sql in asked if not sql.startswith(FRAMING)]
    # SQLite changes one table with each statement
    assert len(work) <= MOST_FOR_A_CHUNK + (connection.vendor == "sqlite"), "\n".join(asked)
    if connection.vendor == "postgresql":
        assert asked == work


def test_presign_takes_one_round_trip_to_the_cache(api, cv, settings, monkeypatch):
    if not settings.REDIS_URL:
        pytest.skip("the environment names no Redis")
    api.post(CHECK, {"sha256": []})  # opens the connection
    sent = []
    send = redis.connection.AbstractConnection.send_packed_command

    def count(self, *arguments, **options):
        sent.append(arguments)
        return send(self, *arguments, **options)

    monkeypatch.setattr(redis.connection.AbstractConnection, "send_packed_command", count)
    presign(api, cv)
    assert len(sent) == 1
