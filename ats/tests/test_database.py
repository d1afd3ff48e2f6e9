"""Connections are kept for minutes: one that the server closed meanwhile is noticed before it is used."""

from __future__ import annotations

import psycopg
import pytest
from django.conf import settings
from django.db import close_old_connections, connection

from ats.tests.builders import CHECK

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif(not settings.DATABASE_URL, reason="the environment names no PostgreSQL"),
]


def end_on_the_server(process: int) -> None:
    with psycopg.connect(settings.DATABASE_URL, autocommit=True) as another:
        another.execute("SELECT pg_terminate_backend(%s, 5000)", [process])


def server_process() -> int:
    connection.ensure_connection()
    return connection.connection.info.backend_pid


def test_a_connection_that_the_server_closed_is_replaced_before_the_next_call(api):
    before = server_process()
    end_on_the_server(before)
    close_old_connections()  # as at the beginning of each call
    assert api.post(CHECK, {"sha256": []}).status_code == 200
    assert server_process() != before


def test_a_connection_that_lives_is_kept_from_call_to_call(api):
    before = server_process()
    for _ in range(3):
        close_old_connections()
        api.post(CHECK, {"sha256": []})
    assert server_process() == before
