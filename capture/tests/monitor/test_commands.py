"""The commands besides `run`, and what may stand in the program at all."""

import ast
import pathlib
import re
import shlex
import signal
import subprocess
import sys
import time

import pytest

from .conftest import MONITOR, end, make_cv, sha256


def test_once_sends_everything_that_is_there_and_ends(desk):
    bodies = [desk.download(f"Naukri_{number}.pdf") for number in range(3)]
    assert desk.run("once").returncode == 0
    assert desk.known(bodies) == 3


def test_once_says_by_its_status_that_something_waits(lab):
    lab.server.away = 503
    lab.download("Naukri_A.pdf")
    assert lab.run("once").returncode == 1
    shown = lab.run("status")
    assert "Monitor: not running" in shown.stdout
    assert "Waiting: 1\n  Naukri_A.pdf, since 0 min: the server is away: HTTP 503" in shown.stdout


def test_once_without_a_token_says_so_and_ends(lab):
    lab.environment.pop("CV_CAPTURE_AUTH_TOKEN")
    lab.download("Naukri_A.pdf")
    assert lab.run("once").returncode == 1
    assert "WARNING: no auth token" in lab.log()
    assert lab.states() == {"Naukri_A.pdf": "waiting"}
    assert "Naukri_A.pdf, since 0 min: no auth token: nothing is sent" in lab.run("status").stdout


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_a_monitor_that_cannot_send_sleeps(lab):
    lab.configure(check_interval_sec=30)
    lab.environment.pop("CV_CAPTURE_AUTH_TOKEN")
    process = lab.start()
    lab.wait_for_log("WARNING: no auth token")
    status = pathlib.Path(f"/proc/{process.pid}/status")
    switches = [int(line.split()[1]) for _ in range(2) for line in read_after(status, 2)]
    assert switches[1] - switches[0] < 10


def read_after(path, seconds):
    time.sleep(seconds)
    return [line for line in path.read_text().splitlines() if line.startswith("voluntary_ctxt_switches")]


def test_once_does_not_wait_for_a_file_that_is_cut_off(lab):
    (lab.downloads / "Naukri_A.pdf").write_bytes(make_cv()[:100])
    assert lab.run("once").returncode == 1
    assert lab.server.doors("presign") == []


def test_what_was_there_before_the_first_start_stays_until_backfill_asks_for_it(desk):
    bodies = [desk.download(f"Naukri_{number}.pdf") for number in range(3)]
    desk.download("private.pdf")
    desk.start()
    assert "Left 3 files that were here before the first start; `backfill` sends them" in desk.log()
    assert "3 files queued\nthe running monitor sends them" in desk.run("backfill", str(desk.downloads)).stdout
    desk.wait_until_stored(bodies)


def test_backfill_without_a_running_monitor_sends_that_folder_alone(desk, tmp_path):
    (tmp_path / "archive").mkdir()
    wanted = desk.download("Naukri_wanted.pdf", folder=tmp_path / "archive")
    other = desk.download("Naukri_other.pdf")
    assert desk.run("backfill", str(tmp_path / "archive")).returncode == 0
    assert (desk.known([wanted]), desk.known([other])) == (1, 0)


def test_a_backfill_that_is_stopped_goes_on_where_it_was(lab):
    bodies = [lab.download(f"Naukri_{number}.pdf", folder=lab.home) for number in range(30)]
    lab.server.slow = 0.2
    stopped = lab.launch("backfill", str(lab.home))
    lab.wait_for_log("Successfully uploaded")
    stopped.send_signal(signal.SIGINT)
    assert stopped.wait(15) == 1
    assert 0 < len(lab.server.captures) < 30
    assert not (lab.data / "sending.jsonl").exists()
    lab.server.slow = 0
    assert lab.run("once").returncode == 0
    assert sorted(lab.server.captures) == sorted(map(sha256, bodies))
    assert set(lab.states().values()) == {"sent"}
    assert len(lab.server.doors("metadata")) <= 32


def test_backfill_of_a_folder_that_is_not_there_says_so(lab):
    answer = lab.run("backfill", str(lab.home / "nowhere"))
    assert (answer.returncode, "nowhere cannot be read: FileNotFoundError" in answer.stderr) == (1, True)


def test_files_that_came_while_the_monitor_was_off_are_sent_at_the_next_start(desk):
    desk.run("once")
    body = desk.download("Naukri_A.pdf")
    desk.start()
    desk.wait_for_log("Successfully uploaded")
    assert desk.known([body]) == 1


def test_forget_makes_the_next_pass_send_it_again(lab):
    body = lab.download("Naukri_A.pdf")
    lab.run("once")
    lab.server.captures.clear()
    assert lab.run("once").returncode == 0
    assert lab.server.captures == {}
    assert lab.run("forget", sha256(body)).returncode == 0
    assert lab.run("once").returncode == 0
    assert list(lab.server.captures) == [sha256(body)]


def test_doctor_finds_all_well_and_leaves_nothing_behind(desk):
    examined = desk.run("doctor")
    assert "FAIL" not in examined.stdout, examined.stdout
    assert examined.returncode == 0
    assert "ok    token is accepted" in examined.stdout
    assert re.search(r"ok    clock: [+-]\d s against the server", examined.stdout)
    assert "ok    dry run" in examined.stdout
    assert not (desk.data / "alerts.log").exists()


@pytest.mark.parametrize(
    ("break_it", "said"),
    [
        (lambda desk: desk.environment.pop("CV_CAPTURE_AUTH_TOKEN"), "FAIL  token: none"),
        (lambda desk: desk.environment.update(CV_CAPTURE_AUTH_TOKEN="wrong"), "FAIL  token is accepted: HTTP 401"),
        (lambda desk: desk.configure(api_url="http://127.0.0.1:9/api"), "cannot be reached: ConnectionRefusedError"),
        (lambda desk: desk.configure(designation="Cook"), "designation is not on the list"),
        (lambda desk: (desk.data / "config.json").write_text("{"), "FAIL  settings: config.json cannot be read"),
    ],
)
def test_doctor_names_what_is_wrong(lab, break_it, said):
    break_it(lab)
    examined = lab.run("doctor")
    assert said in examined.stdout
    assert examined.returncode == 1


@pytest.mark.parametrize("words", [[], ["fly"], ["backfill"], ["forget"], ["forget", "xyz"], ["run", "fast"]])
def test_a_command_that_is_not_understood_explains_itself(lab, words):
    answer = lab.run(*words)
    assert answer.returncode == 2
    assert "Usage: cv-capture-monitor" in answer.stderr


def test_install_shows_what_it_would_do_and_does_nothing(lab):
    shown = lab.run("install", "--dry-run").stdout
    assert "cv-capture-monitor.service" in shown
    assert f'"--data" "{lab.data}" "run"' in shown
    assert "would run systemctl --user enable --now cv-capture-monitor" in shown
    assert not (lab.data.parent / "xdg").exists()


def test_install_writes_the_start_up_file_and_settings_and_uninstall_takes_it_away(lab):
    (lab.data / "config.json").unlink()
    control = lab.tools / "systemctl"
    control.write_text(f'#!/bin/sh\necho "$@" >> "{lab.data.parent}/asked"\n')
    control.chmod(0o755)
    unit = lab.data.parent / "xdg/systemd/user/cv-capture-monitor.service"
    assert lab.run("install").returncode == 0
    assert "MemoryMax=64M" in unit.read_text()
    assert '"enabled": false' in (lab.data / "config.json").read_text()
    assert lab.run("uninstall").returncode == 0
    assert not unit.exists()
    start = ["--user daemon-reload", "--user enable --now cv-capture-monitor"]
    stop = ["--user disable --now cv-capture-monitor"]
    assert (lab.data.parent / "asked").read_text().splitlines() == start + stop


def test_to_install_or_uninstall_twice_is_as_good_as_once(lab):
    control = lab.tools / "systemctl"
    control.write_text(f'#!/bin/sh\necho "$2" >> "{lab.data.parent}/asked"\n')
    control.chmod(0o755)
    before = (lab.data / "config.json").read_text()
    assert [lab.run("install").returncode for _ in range(2)] == [0, 0]
    assert [lab.run("uninstall").returncode for _ in range(2)] == [0, 0]
    assert (lab.data / "config.json").read_text() == before
    asked = (lab.data.parent / "asked").read_text().split()
    assert asked == ["daemon-reload", "enable", "disable", "daemon-reload", "enable", "disable"]


def test_what_the_start_up_file_says_starts_the_monitor(lab):
    """The unit's own command line, run as systemd would: by its words, without a shell or our environment."""
    control = lab.tools / "systemctl"
    control.write_text("#!/bin/sh\n")
    control.chmod(0o755)
    lab.run("install")
    unit = (lab.data.parent / "xdg/systemd/user/cv-capture-monitor.service").read_text()
    words = shlex.split(next(line for line in unit.splitlines() if line.startswith("ExecStart="))[len("ExecStart=") :])
    lab.command = lambda *_: words
    process = lab.start()
    body = lab.download("Naukri_A.pdf")
    lab.wait_for_log("Successfully uploaded")
    assert end(process) == 0
    assert list(lab.server.captures) == [sha256(body)]


@pytest.mark.skipif(sys.version_info < (3, 10), reason="this Python has no list of its standard library")
def test_nothing_but_the_standard_library_is_imported():
    own = {path.stem for path in MONITOR.glob("*.py")}
    for path in MONITOR.glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            names += [node.module] if isinstance(node, ast.ImportFrom) else []
            for name in names:
                assert name.split(".")[0] in own | set(sys.stdlib_module_names), (path.name, name)


def test_every_module_compiles_on_every_promised_python(every_python, tmp_path):
    sources = [str(path) for path in MONITOR.glob("*.py")]
    checked = subprocess.run(
        [
            every_python,
            "-c",
            "import sys; [compile(open(p, encoding='utf-8').read(), p, 'exec') for p in sys.argv[1:]]",
            *sources,
        ],
        capture_output=True,
        text=True,
        check=False,
    )
    assert checked.returncode == 0, checked.stderr


def test_the_watcher_stays_small_by_what_it_does_not_import():
    heavy = {"ssl", "http", "email", "hashlib", "base64", "logging", "sqlite3", "random", "argparse", "shutil"}
    program = f"import sys; sys.path[:0] = [{str(MONITOR)!r}]; import cli, monitor; print({heavy} & set(sys.modules))"
    found = subprocess.run([sys.executable, "-I", "-S", "-c", program], capture_output=True, text=True, check=True)
    assert found.stdout.strip() == "set()"
