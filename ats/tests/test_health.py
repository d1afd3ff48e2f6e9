"""Is it alive, is it ready? Anyone may ask."""

from __future__ import annotations

import time

import pytest
from django.core.cache import cache
from django.db import OperationalError, connection

from ats.tasks import sweep_schedule
from ats.views import SCHEDULE_SEEN

pytestmark = pytest.mark.django_db


def ready(client):
    response = client.get("/readyz")
    return response.status_code, response.json()


def test_it_is_alive_whatever_else_is_away(client, store_away, broker_away):
    store_away()
    response = client.get("/healthz")
    assert (response.status_code, response.json()) == (200, {"status": "ok"})


def test_it_is_ready_when_everything_answers(client, settings):
    if not settings.REDIS_URL:
        pytest.skip("the environment names no Redis")
    sweep_schedule()
    checks = dict.fromkeys(("database", "store", "broker", "schedule"), "ok")
    status, body = ready(client)
    assert status == 200
    assert body["status"] == "ok"
    assert body["checks"].items() >= checks.items()


def test_a_broker_that_is_away_degrades_it(client, broker_away):
    status, body = ready(client)
    assert (status, body["status"], body["checks"]["broker"]) == (200, "degraded", "away")
    assert body["checks"]["database"] == body["checks"]["store"] == "ok"


def test_a_schedule_that_has_stopped_degrades_it(client):
    cache.set(SCHEDULE_SEEN, time.time() - 600, None)
    status, body = ready(client)
    assert (status, body["status"], body["checks"]["schedule"]) == (200, "degraded", "away")


def test_without_the_store_it_is_not_ready(client, store_away):
    store_away()
    response = client.get("/readyz")
    assert (response.status_code, response.json()["checks"]["store"]) == (503, "away")
    assert response["Retry-After"]


def test_without_the_database_it_is_not_ready(client, monkeypatch):
    def fails(*_, **__):
        raise OperationalError("the server closed the connection")

    monkeypatch.setattr(connection, "cursor", fails)
    response = client.get("/readyz")
    assert (response.status_code, response.json()["checks"]["database"]) == (503, "away")


@pytest.mark.parametrize("path", ["/healthz", "/readyz"])
def test_a_slash_at_the_end_changes_nothing(client, path):
    assert client.get(f"{path}/").json() == client.get(path).json()


@pytest.mark.parametrize("path", ["/healthz", "/readyz"])
def test_asking_leaves_no_session_and_no_trace(client, path):
    assert not client.get(path).cookies
