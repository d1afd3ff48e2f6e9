"""`make run` for true, and what becomes of its programs."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests

from ats.console import Console
from ats.processes import Program, guardian
from ats.services.redis import Redis
from ats.supervisor import Stopped, Supervisor
from ats.tests.builders import METADATA, PRESIGN, make_cv
from ats.tests.house import House, running, wait_for

pytestmark = pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="looks for processes in /proc")
BROKER_PROGRAMS = ["ats worker", "ats beat", "redis-server"]


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    house = House(tmp_path_factory.mktemp("house"))
    house.wait_until_ready()
    yield house
    house.end()


# --- A copy that runs -------------------------------------------------------------------------------------------------


def test_it_says_where_the_desk_is_and_who_may_enter(house: House) -> None:
    login = json.loads((house.data_dir / "demo-login.json").read_text())
    words = [f"The desk is {house.url}/admin/", f"Name: {login['username']}", f"Password: {login['password']}"]
    assert house.words.split(f"\nready {house.url}\n")[1].splitlines()[:3] == words


def test_the_demo_recruiter_can_sign_in_at_the_desk(house: House) -> None:
    browser, login = requests.Session(), json.loads((house.data_dir / "demo-login.json").read_text())
    browser.get(f"{house.url}/admin/login/", timeout=30)
    form = {**login, "csrfmiddlewaretoken": browser.cookies["csrftoken"], "next": "/admin/"}
    entered = browser.post(f"{house.url}/admin/login/", form, timeout=30, allow_redirects=False)
    assert (entered.status_code, entered.headers.get("Location")) == (302, "/admin/")


def test_what_it_makes_up_only_its_owner_may_read(house: House) -> None:
    assert {(house.data_dir / name).stat().st_mode & 0o777 for name in ("demo-login.json", "secret-key")} == {0o600}


def test_what_it_keeps_no_other_account_may_read(house: House) -> None:
    kept = [path for path in [house.data_dir, *house.data_dir.rglob("*")] if not path.is_symlink()]
    assert house.data_dir / "db.sqlite3" in kept
    assert [path for path in kept if path.stat().st_mode & 0o007] == []


def test_the_tokens_of_the_test_users_come_before_ready(house: House) -> None:
    before_ready = house.words.split("\nready ")[0]
    assert f"ATS_URL={house.url}" in before_ready.splitlines()
    for name in ("ATS_TOKEN", "ATS_OTHER_TOKEN", "ATS_STAFF_TOKEN"):
        assert f"{name}={house.tokens[name]}" in before_ready.splitlines()
    known = house.api().post(f"{house.url}/api/cv-capture/check", json={"sha256": []}, timeout=30)
    assert known.json()["known"] == []


def test_a_second_copy_on_the_same_folder_is_refused_with_advice(house: House) -> None:
    second = House(house.data_dir.parent)
    assert second.process.wait(60) == 1
    assert f"Another copy runs on {house.data_dir}: stop it, or" in second.words[-3000:]
    assert house.answers()


def test_a_taken_port_is_refused_with_advice(house: House, tmp_path: Path) -> None:
    second = House(tmp_path, port=house.port)
    assert second.process.wait(60) == 1
    assert f"Port {house.port} is taken: choose another, as in: make run PORT={house.port + 1}" in second.words[-3000:]


@pytest.mark.parametrize("program", ["gunicorn", *(BROKER_PROGRAMS if Redis.available() else [])])
def test_a_program_that_dies_is_started_again(house: House, program: str) -> None:
    died = house.process_of(program)
    os.kill(died, signal.SIGKILL)
    wait_for(lambda: any(program in command for number, command in house.descendants().items() if number > died))
    wait_for(house.answers)


# --- The end ----------------------------------------------------------------------------------------------------------


def test_nothing_outlives_its_sudden_death_and_the_next_start_goes_on_where_it_ended(tmp_path: Path) -> None:
    first = House(tmp_path)
    first.wait_until_ready()
    captured = _capture(first)
    started = first.descendants()
    assert any("sandbox" in command for command in started.values())  # the reader, too
    first.process.kill()
    first.process.wait()
    wait_for(lambda: not running(started))

    second = House(tmp_path)
    second.wait_until_ready()
    assert second.api().get(f"{second.url}/api/cv-capture/{captured}", timeout=30).status_code == 200
    started = second.descendants()
    assert second.end() == 0
    wait_for(lambda: not running(started))


def test_without_a_broker_the_rows_alone_bring_a_cv_to_its_end(tmp_path: Path) -> None:
    house = House(tmp_path, "--no-broker")
    house.wait_until_ready()
    assert house.process_of("manage.py work")
    _capture(house)
    assert "work ended" not in house.words
    assert house.end() == 0


def _capture(house: House) -> int:
    """A CV goes all the way; returns its capture's id when it was read."""
    cv, api = make_cv(), house.api()
    answer = api.post(house.url + PRESIGN, json=cv.presign(), timeout=30).json()
    assert requests.put(answer["s3_url"], cv.content, headers=answer["headers"], timeout=30).status_code == 200
    captured = api.post(house.url + METADATA, json=cv.presign(s3_key=answer["s3_key"]), timeout=30).json()
    status = f"{house.url}/api/cv-capture/{captured['cv_capture_id']}"
    wait_for(lambda: api.get(status, timeout=30).json()["status"] in {"ready", "failed"})
    return captured["cv_capture_id"]


# --- The supervisor by itself -----------------------------------------------------------------------------------------

LAST_WORDS = "import signal, time; signal.signal(15, lambda *_: exit(print('gone'))); print('here'); time.sleep(60)"


class Speaker(Program):
    """Says `here`, and `gone` when it is asked to end."""

    def __init__(self, name: str, heard: Path) -> None:
        super().__init__(name, [sys.executable, "-u", "-c", LAST_WORDS])
        self.heard = heard

    def ready(self) -> bool:
        return f"{self.name:<9}| here" in self.heard.read_text()


def test_programs_end_in_the_reverse_of_the_order_in_which_they_started(tmp_path: Path) -> None:
    heard = tmp_path / "heard"
    with heard.open("wb") as output, Supervisor(Console(output.fileno())) as supervisor:
        supervisor.start(Speaker("broker", heard))
        supervisor.start(Speaker("web", heard))
        supervisor.start(Speaker("worker", heard))
    said = [line.split() for line in heard.read_text().splitlines()]
    assert [name for name, _, word in said if word == "gone"] == ["worker", "web", "broker"]


def test_a_signal_while_programs_start_ends_those_that_run(tmp_path: Path) -> None:
    heard = tmp_path / "heard"
    with heard.open("wb") as output, Supervisor(Console(output.fileno())) as supervisor:
        supervisor.start(Speaker("broker", heard))
        os.kill(os.getpid(), signal.SIGTERM)
        with pytest.raises(Stopped):
            supervisor.start(Speaker("web", heard))
    assert "broker   | gone" in heard.read_text()


def test_a_guardian_that_was_killed_is_replaced_and_knows_all(tmp_path: Path) -> None:
    starter = (
        "import os, sys, time; from ats.processes import Program, guardian\n"
        "first, second = (Program(name, ['sleep', '600']) for name in 'ab')\n"
        "first.start(); guardian.process.kill(); guardian.process.wait(); second.start()\n"
        "print(first.process.pid, second.process.pid, flush=True); os.kill(os.getpid(), 9)"
    )
    result = subprocess.run([sys.executable, "-c", starter], stdout=subprocess.PIPE, text=True, timeout=60)
    programs = {int(number): "sleep 600" for number in result.stdout.split()}
    assert len(programs) == 2
    wait_for(lambda: not running(programs))


def test_a_reader_that_stops_reading_holds_nobody_up() -> None:
    reading, writing = os.pipe()
    console = Console(writing)
    for _ in range(5000):
        console.pass_on("web", "x" * 100)
    assert console.unread > 0
    os.read(reading, 2**20)
    console.pass_on("web", "again")
    assert b"lines were not read.\nweb      | again\n" in os.read(reading, 2**20)
    os.close(reading)
    os.close(writing)


def test_an_ended_program_is_no_longer_minded(tmp_path: Path) -> None:
    program = Program("sleep", ["sleep", "600"])
    program.start()
    assert program.process is not None
    number = str(program.process.pid)
    assert guardian.duties[number] == "begin"
    program.stop()
    assert number not in guardian.duties
