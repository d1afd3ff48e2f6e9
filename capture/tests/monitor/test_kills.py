"""kill -9 at every step of an upload: in the end the server holds each file on disk, once, and no lock is left.

MONITOR_KILLS says how often at each step.
"""

import os
import signal
import time

import lock
import pytest

from .checkpoint import Checkpoint
from .conftest import Desk, end, sha256, wait_for

ROUNDS = int(os.environ.get("MONITOR_KILLS", "1"))
STEPS = [
    ("check", "before"),
    ("presign", "before"),
    ("presign", "after"),
    ("metadata", "before"),
    ("metadata", "after"),
    ("heartbeat", "before"),
]


@pytest.fixture
def checkpoint(system):
    with Checkpoint(system) as between:
        yield between


@pytest.fixture
def guarded(tmp_path, checkpoint, python):
    desk = Desk(tmp_path, checkpoint, python)
    desk.configure(at_once=2, heartbeat_sec=1)
    desk.run("once")
    desk.stored_before = checkpoint.system.stored()
    yield desk
    desk.close()


def start_to_be_killed(desk, checkpoint, trap):
    process = desk.start()
    assert process.poll() is None, "the lock of the one that was killed is in the way"
    checkpoint.spring = lambda: os.killpg(process.pid, signal.SIGKILL)
    checkpoint.trap = trap
    return process


def assert_every_file_is_stored_once(desk, bodies):
    """By the server's word, by the rows in its database, and by our journal."""
    assert len(bodies) == len([path for path in desk.downloads.iterdir() if path.suffix == ".pdf"])
    desk.wait_until_stored(bodies)
    wait_for(lambda: len(desk.states()) == len(bodies) and set(desk.states().values()) <= {"sent", "duplicate"})
    ends = {}
    for row in desk.journal():
        if row["state"] in ("sent", "duplicate"):
            ends.setdefault(row["sha256"], []).append(row["state"])
    assert sorted(ends) == sorted(sha256(body) for body in bodies)
    assert all(len(found) == 1 for found in ends.values()), ends
    assert desk.server.system.stored() == desk.stored_before + len(bodies)
    process = desk.started[-1]
    assert process.poll() is None
    assert end(process) == 0
    left = {"alerts.log", "config.json", "journal.jsonl", "monitor.lock", "policy.json"}
    assert {path.name for path in desk.data.iterdir()} <= left
    assert not lock.held(str(desk.data))


@pytest.mark.parametrize("trap", STEPS, ids=" ".join)
def test_killed_at_a_call_and_started_again(guarded, checkpoint, trap):
    bodies = []
    for number in range(ROUNDS):
        process = start_to_be_killed(guarded, checkpoint, trap)
        bodies += [guarded.download(f"Naukri_{number}_{part}.pdf") for part in range(3)]
        process.wait(30)
    guarded.start()
    assert_every_file_is_stored_once(guarded, bodies)


def test_killed_while_it_puts_into_the_store(guarded, checkpoint):
    bodies, events = [], guarded.data / "sending.jsonl"
    for number in range(ROUNDS):
        events.unlink(missing_ok=True)
        process = start_to_be_killed(guarded, checkpoint, None)
        bodies.append(guarded.download(f"Naukri_{number}.pdf"))
        wait_for(lambda: events.exists() and b'"put"' in events.read_bytes())
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
    guarded.start()
    assert_every_file_is_stored_once(guarded, bodies)


@pytest.mark.parametrize("moment", [0.0, 0.1, 0.3, 0.5, 0.8])
def test_killed_at_any_moment_of_a_burst(guarded, checkpoint, moment):
    process = start_to_be_killed(guarded, checkpoint, None)
    bodies = [guarded.download(f"Naukri_{number}.pdf") for number in range(10)]
    time.sleep(moment)
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    bodies.append(guarded.download("Naukri_while_off.pdf"))
    guarded.start()
    assert_every_file_is_stored_once(guarded, bodies)


def test_a_power_cut_that_tears_the_journal_loses_nothing(guarded):
    body = guarded.download("Naukri_A.pdf")
    guarded.run("once")
    with open(guarded.data / "journal.jsonl", "r+b") as file:
        file.truncate(os.path.getsize(file.name) - 20)
    guarded.start()
    assert_every_file_is_stored_once(guarded, [body])
