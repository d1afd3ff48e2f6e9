"""Calls a minute, for each user and door: counted atomically, and never the reason for a 500."""

from __future__ import annotations

import pytest
from django.db import connection

from ats import limits
from ats.tests.builders import CHECK, REQUEST, Caller, assert_envelope, at_once, issue, make_cv, make_user

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _long_minute(monkeypatch):
    """No test falls between two minutes."""
    monkeypatch.setattr(limits, "WINDOW", 10**9)


@pytest.fixture
def rate(settings):
    def allow(door, calls):
        settings.RATES = {**settings.RATES, door: calls}

    return allow


def check(caller):
    return caller.post(CHECK, {"sha256": []})


def test_the_call_over_the_limit_is_told_when_to_come_again(api, rate):
    rate("capture", 3)
    assert [check(api).status_code for _ in range(3)] == [200] * 3
    response = check(api)
    assert_envelope(response, 429, "throttled")
    assert int(response["Retry-After"]) > 0


def test_one_user_at_the_limit_leaves_the_others_alone(api, other, rate):
    rate("capture", 1)
    check(api), check(api)
    assert check(other).status_code == 200


def test_two_devices_of_one_user_share_the_limit(api, rate):
    rate("capture", 1)
    check(api)
    assert check(Caller(token=issue(api.user, "phone"))).status_code == 429


def test_each_door_counts_for_itself(api, rate):
    rate("capture", 1)
    check(api), check(api)
    assert api.post(REQUEST, make_cv().request()).status_code == 200


def test_a_new_minute_is_a_new_count(api, rate, monkeypatch):
    rate("capture", 1)
    check(api)
    monkeypatch.setattr(limits, "WINDOW", 10**9 // 2)
    assert check(api).status_code == 200


def test_refused_calls_count_too(api, rate):
    rate("capture", 2)
    for _ in range(2):
        api.post(CHECK, {"sha256": 7})
    assert check(api).status_code == 429


def test_strangers_are_refused_before_they_are_counted(anonymous, rate):
    rate("capture", 1)
    assert [check(anonymous).status_code for _ in range(3)] == [401] * 3


def test_six_hundred_a_minute_is_the_rule(settings):
    others = {door: rate for door, rate in settings.RATES.items() if door != "chunks"}
    assert set(others.values()) == {600}
    assert set(others) >= {"capture", "upload", "candidates", "chunked"}


@pytest.mark.django_db(transaction=True)
def test_the_limit_holds_under_fifty_calls_at_once(rate, settings, monkeypatch):
    settings.REDIS_PATIENCE = {"socket_timeout": 30}  # a slow machine is not a slow Redis, and no slow database
    if connection.vendor == "postgresql":
        monkeypatch.setitem(connection.settings_dict["OPTIONS"], "connect_timeout", 30)
    limits.shared_redis.cache_clear()
    rate("capture", 20)
    token = issue(make_user("Recruiter"))
    answers = [answer.status_code for answer in at_once(50, lambda _: check(Caller(token=token)))]
    limits.shared_redis.cache_clear()
    assert (answers.count(200), answers.count(429)) == (20, 30)


def test_while_redis_is_away_calls_are_answered_and_not_counted(api, rate, broker_away):
    rate("capture", 1)
    assert [check(api).status_code for _ in range(3)] == [200] * 3
