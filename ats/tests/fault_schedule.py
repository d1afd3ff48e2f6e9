"""Schedules made from a seed: clients whose calls are lost, doubled and delayed while processes are killed."""

from __future__ import annotations

import random
import threading
import time

import requests

from ats.tests.builders import CV, METADATA, make_cv
from ats.tests.fault_house import FaultHouse, at_once


def run_schedule(house: FaultHouse, seed: int, calls: int) -> None:
    """Ten clients bring `calls` CVs, some of them the same. Whatever was acknowledged is there, once, and is read."""
    luck = random.Random(seed)
    shared = [make_cv() for _ in range(5)]
    plans = [(luck.choice(shared) if luck.random() < 0.4 else make_cv(), luck.random()) for _ in range(calls)]
    killing = threading.Event()
    killer = threading.Thread(target=_kill_now_and_then, args=(house, random.Random(seed), killing))
    killer.start()
    try:
        acknowledged = at_once(10, lambda n: [_bring(house, cv, mood) for cv, mood in plans[n::10]])
    finally:
        killing.set()
        killer.join()
    house.heal()
    told = {key: value for answers in acknowledged for key, value in answers}
    for sha256, capture_id in told.items():
        row = house.ask("SELECT c.id FROM cv_captures c JOIN documents d ON d.doc_id = c.document_id WHERE "
                        "d.doc_hash_256 = %s AND c.captured_at IS NOT NULL", sha256)  # fmt: skip
        assert row == [(capture_id,)]
    house.wait_until_read(*{cv.sha256: cv for cv, _ in plans}.values(), seconds=120)


def _bring(house: FaultHouse, cv: CV, mood: float) -> tuple[str, int]:
    """A client that repeats what was not answered, and now and then what was."""
    for _ in range(60):
        try:
            payload = house.send(cv)
            if mood < 0.2:
                house.call(METADATA, payload)
            answer = house.call(METADATA, payload)
            if answer.status_code in (200, 201):
                return cv.sha256, answer.json()["cv_capture_id"]
        except (requests.RequestException, AssertionError):
            pass
        time.sleep(0.5)
    raise AssertionError("a client gave up")


def _kill_now_and_then(house: FaultHouse, luck: random.Random, enough: threading.Event) -> None:
    """The worker twice at most: what has killed three is taken for poison, and ends as failed."""
    targets = [house.web, house.redis, house.postgresql, house.s3] * 2 + [house.worker] * 2
    while not enough.wait(luck.uniform(0.5, 2)):
        program = luck.choice(targets)
        if program is house.worker:
            targets.remove(program)
        house.restart(program)
