"""A short sample of `make test-faults` for every day."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import requests

from ats.tests.fault_house import FaultHouse, fault_house, wait_until
from ats.tests.fault_schedule import run_schedule
from ats.tests.fault_uploads import Uploader

WAITING = "SELECT 1 FROM documents WHERE parse_status IN ('pending', 'running')"


@pytest.fixture(scope="module")
def house() -> Iterator[FaultHouse]:
    with fault_house() as house:
        yield house


def test_processes_killed_under_load_lose_nothing_and_double_nothing(house: FaultHouse) -> None:
    run_schedule(house, seed=2026, calls=20)
    wait_until(lambda: house.ask(WAITING) == [], 60)
    house.assert_sound()


def test_an_upload_goes_on_over_killed_processes(house: FaultHouse) -> None:
    """Killed while an acknowledged chunk is replaced, and again between completion and its publishing."""
    uploader = Uploader(house).begin().send_all()
    with uploader.half_sent(1):
        house.restart(house.web)
    assert uploader.state()["received"] == [0, 2]
    assert uploader.send(1).status_code == 200
    house.order_death("uploads.chunked:nudge")
    with pytest.raises(requests.RequestException):
        uploader.complete()
    uploader.assert_done()
    house.assert_sound()
