"""A short sample of `make test-faults` for every day."""

from __future__ import annotations

from ats.tests.fault_house import fault_house, wait_until
from ats.tests.fault_schedule import run_schedule

WAITING = "SELECT 1 FROM documents WHERE parse_status IN ('pending', 'running')"


def test_processes_killed_under_load_lose_nothing_and_double_nothing() -> None:
    with fault_house() as house:
        run_schedule(house, seed=2026, calls=20)
        wait_until(lambda: house.ask(WAITING) == [], 60)
        house.assert_sound()
