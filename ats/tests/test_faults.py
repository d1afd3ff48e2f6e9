"""After each fault: nothing acknowledged is lost, nothing is there twice, all comes to an end without a hand."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import threading
import time
import zlib
from collections.abc import Iterator

import pytest
import requests

from ats.tests.builders import CV, METADATA, PRESIGN, REQUEST, make_cv
from ats.tests.fault_house import FaultHouse, at_once, fault_house, wait_until
from ats.tests.fault_schedule import run_schedule

pytestmark = pytest.mark.faults
CUT = requests.RequestException


@pytest.fixture(scope="module")
def built() -> Iterator[FaultHouse]:
    with fault_house() as house:
        yield house


@pytest.fixture
def house(built: FaultHouse) -> Iterator[FaultHouse]:
    built.heal()
    yield built
    built.heal()
    wait_until(lambda: built.ask("SELECT 1 FROM documents WHERE parse_status IN ('pending', 'running')") == [], 60)
    built.assert_sound()


# --- The web server dies ----------------------------------------------------------------------------------------------


def test_killed_between_row_and_url_the_client_asks_again(house: FaultHouse) -> None:
    cv = make_cv()
    house.order_death("capture.views:_presigned")
    with pytest.raises(CUT):
        house.presign(cv)
    house.capture(cv)
    house.wait_until_read(cv)


def test_killed_before_the_commit_the_client_repeats_and_is_told_201(house: FaultHouse) -> None:
    cv = make_cv()
    payload = house.send(cv)
    house.order_death("uploads.models:Document.mark_stored")
    with pytest.raises(CUT):
        house.call(METADATA, payload)
    assert house.call(METADATA, payload).status_code == 201
    house.wait_until_read(cv)


def test_killed_between_commit_and_publish_the_sweep_queues_it(house: FaultHouse) -> None:
    cv = make_cv()
    payload = house.send(cv)
    house.order_death("parsing.bell:nudge")
    with pytest.raises(CUT):
        house.call(METADATA, payload)
    first, second = house.call(METADATA, payload), house.call(METADATA, payload)
    assert first.json()["cv_capture_id"] == second.json()["cv_capture_id"]
    house.wait_until_read(cv)
    assert house.parse_state(cv) == ("completed", "", 1)


# --- The worker dies --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("place", ["parsing.tasks:read", "parsing.tasks:_record"])
def test_a_worker_killed_in_the_middle_of_a_read_is_made_good(house: FaultHouse, place: str) -> None:
    cv = make_cv()
    house.order_death(place, "with parent")
    house.capture(cv)
    wait_until(lambda: not house.worker.alive, 30)
    house.restart(house.worker)
    house.wait_until_read(cv)
    assert house.parse_state(cv) == ("completed", "", 2)


def test_a_child_killed_in_the_middle_of_a_read_is_made_good(house: FaultHouse) -> None:
    cv = make_cv()
    house.order_death("parsing.tasks:read")
    house.capture(cv)
    house.wait_until_read(cv)


def test_what_kills_every_worker_ends_failed_after_three_attempts(house: FaultHouse) -> None:
    poison, good = make_cv(), make_cv()
    house.order_death("parsing.tasks:read", "always")
    house.capture(poison)
    wait_until(lambda: house.parse_state(poison)[0] == "failed", 120)
    assert house.parse_state(poison) == ("failed", "crashed", 3)
    house.pardon()
    house.capture(good)
    house.wait_until_read(good)


def bomb() -> bytes:
    """A page whose content inflates a thousandfold."""
    body = zlib.compress(b"BT /F1 12 Tf 0 0 Td (x) Tj ET\n" * 2_000_000, 9)
    return (
        b"%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n2 0 obj<</Type/Pages/Count 1/Kids[3 0 R]>>endobj\n"
        b"3 0 obj<</Type/Page/Parent 2 0 R/MediaBox[0 0 600 800]/Resources<</Font<</F1 5 0 R>>>>/Contents 4 0 R>>"
        b"endobj\n5 0 obj<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>endobj\n"
        b"4 0 obj<</Filter/FlateDecode/Length " + str(len(body)).encode() + b">>stream\n" + body
        + b"\nendstream endobj\ntrailer<</Root 1 0 R>>\n%%EOF"
    )  # fmt: skip


def test_a_poison_file_ends_failed_and_the_next_file_is_read(house: FaultHouse) -> None:
    poison, good = CV(bomb() + os.urandom(8), "poison.pdf"), make_cv()
    house.capture(poison)
    house.capture(good)
    house.wait_until_read(good)
    wait_until(lambda: house.parse_state(poison)[0] == "failed", 60)
    assert house.parse_state(poison)[1:] in {("too_slow", 1), ("crashed", 1), ("too_large", 1), ("no_text", 1)}
    assert house.worker.alive


# --- The broker, the store, the database are away ---------------------------------------------------------------------


def test_without_a_broker_metadata_answers_the_same_and_the_reading_follows(house: FaultHouse) -> None:
    cv = make_cv()
    payload = house.send(cv)
    house.redis.kill()
    answer = house.call(METADATA, payload)
    assert answer.status_code == 201
    house.restart(house.redis)
    house.wait_until_read(cv, seconds=60)


def test_a_broker_that_hangs_holds_nobody_up(house: FaultHouse) -> None:
    cv = make_cv()
    payload = house.send(cv)
    house.redis.signal(signal.SIGSTOP)
    try:
        assert house.call(METADATA, payload, timeout=5).status_code == 201
    finally:
        house.redis.signal(signal.SIGCONT)
    house.wait_until_read(cv, seconds=60)


def test_a_wiped_queue_loses_nothing(house: FaultHouse) -> None:
    cvs = [make_cv() for _ in range(10)]
    house.worker.signal(signal.SIGSTOP)
    try:
        for cv in cvs:
            house.capture(cv)
        subprocess.run(
            [sys.executable, "-c", f"import redis; redis.Redis(port={house.redis.port}).flushall()"], check=True
        )
    finally:
        house.worker.signal(signal.SIGCONT)
    house.wait_until_read(*cvs, seconds=90)


def test_presign_and_request_need_no_store(house: FaultHouse) -> None:
    house.s3.kill()
    cv = make_cv()
    assert house.call(PRESIGN, cv.presign()).status_code == 200
    assert house.call(REQUEST, make_cv().request()).status_code == 200


def test_metadata_without_a_store_is_503_and_never_object_missing(house: FaultHouse) -> None:
    cv = make_cv()
    payload = house.send(cv)
    house.s3.kill()
    answer = house.call(METADATA, payload, timeout=10)
    assert answer.status_code == 503
    assert answer.json()["code"] == "store_unavailable"
    assert int(answer.headers["Retry-After"]) >= 1
    house.restart(house.s3)
    wait_until(lambda: house.call(METADATA, payload).status_code == 201, 60)
    house.wait_until_read(cv)


def test_a_store_that_hangs_is_503_within_ten_seconds(house: FaultHouse) -> None:
    cv = make_cv()
    payload = house.send(cv)
    house.s3.signal(signal.SIGSTOP)
    try:
        assert house.call(METADATA, payload, timeout=10).status_code == 503
    finally:
        house.s3.signal(signal.SIGCONT)
    wait_until(lambda: house.call(METADATA, payload).status_code in (200, 201), 60)
    house.wait_until_read(cv)


def test_a_store_that_is_away_while_a_cv_is_to_be_read_only_delays_it(house: FaultHouse) -> None:
    cv = make_cv()
    house.worker.signal(signal.SIGSTOP)
    house.capture(cv)
    house.s3.kill()
    house.worker.signal(signal.SIGCONT)
    time.sleep(3)
    assert house.parse_state(cv)[0] != "failed"
    house.restart(house.s3)
    house.wait_until_read(cv, seconds=90)


def test_a_restarted_database_is_503_meanwhile_and_normal_after(house: FaultHouse) -> None:
    cv = make_cv()
    house.presign(make_cv())
    house.postgresql.kill()
    answer = house.call(PRESIGN, cv.presign(), timeout=10)
    assert answer.status_code == 503
    assert int(answer.headers["Retry-After"]) >= 1
    house.postgresql.start()
    house.postgresql.wait_until_ready()
    wait_until(lambda: house.call(PRESIGN, cv.presign()).status_code == 200, 10)
    house.capture(cv)
    house.wait_until_read(cv, seconds=60)


# --- Many at once, in any order, with kills between -------------------------------------------------------------------


def test_sigterm_lets_what_is_in_flight_end(house: FaultHouse) -> None:
    cvs = [make_cv() for _ in range(8)]
    payloads = [house.send(cv) for cv in cvs]
    threading.Timer(0.05, lambda: house.web.signal(signal.SIGTERM)).start()

    def finish(number: int) -> int:
        with contextlib.suppress(CUT):
            return house.call(METADATA, payloads[number]).status_code
        return 0  # refused at the socket: nothing was taken on

    assert set(at_once(8, finish)) <= {0, 201}
    wait_until(lambda: not house.web.alive, 30)
    house.restart(house.web)
    for payload in payloads:
        assert house.call(METADATA, payload).status_code in (200, 201)
    house.wait_until_read(*cvs, seconds=60)


@pytest.mark.parametrize("seed", range(6))
def test_any_schedule_of_lost_doubled_and_swapped_calls_ends_as_some_serial_order_would(
    house: FaultHouse, seed: int
) -> None:
    run_schedule(house, seed, calls=40)
