"""The desktop monitor beside its peers, in one run: `.venv/bin/python -m benchmarks.monitor` (Linux; about 12 minutes;
`--only` and `--python` take a part of it).

Memory, CPU, delay, backlog and what stays open, on each Python found. The far side is a small TLS server on loopback,
so that the figures are the client's own; `--url` and `--token` (or ATS_URL and ATS_TOKEN) name a running system
instead.

PSS shares a page among the processes that map it, so the peak depends a little on what else runs on the machine: "own"
beside it counts only what no file on disk holds (heap, stacks, written pages), which does not.
"""

from __future__ import annotations

import argparse
import json
import os
import pathlib
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable

from benchmarks.house import table
from capture.tests.monitor.conftest import MONITOR, Desk, end, find_python, make_cv, sha256
from capture.tests.monitor.far_side import FarSide, with_tls

SIZE = 245_000
POLL_SEC = 5
BEATS = 20
BEAT_SEC = 900  # as the settings have it
PORTION = 50  # a busy day: files come a few at a time
PEER = """
import os, sys, time, requests
requests.get(sys.argv[1] + "/nothing", verify=sys.argv[2] or True, timeout=10)
print("ready", flush=True)
time.sleep(600)
"""
NAIVE = """
import os, sys, time
began = time.process_time()
for _ in range(int(sys.argv[2])):
    for name in os.listdir(sys.argv[1]):
        path = os.path.join(sys.argv[1], name)
        os.path.isfile(path) and os.path.getsize(path) and os.path.getmtime(path)
print((time.process_time() - began) / int(sys.argv[2]))
"""
DAY = """
import sys, time
sys.path.insert(0, sys.argv[1])
import config, log, monitor
watcher = monitor.Monitor(sys.argv[2], log.Log(sys.argv[2]))
watcher.tick()
while watcher.outbox.busy:
    time.sleep(0.1)
    watcher.tick()
clock, ticks, seconds, began = [time.monotonic()], 0, float(sys.argv[3]), time.process_time()
end, time.monotonic = clock[0] + seconds, lambda: clock[0]
while clock[0] < end:
    clock[0] += watcher.tick()
    ticks += 1
print((time.process_time() - began) / seconds, ticks)
"""


def memory(pid: int, figure: str) -> float:
    """`Rss`, `Pss` or `Anonymous` of one process in MiB; 0 when it has ended."""
    try:
        text = pathlib.Path(f"/proc/{pid}/smaps_rollup").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return 0.0
    return next((int(line.split()[1]) / 1024 for line in text.splitlines() if line.startswith(f"{figure}:")), 0.0)


def sending_child(pid: int) -> int | None:
    """The child of the monitor. (A moment before its program starts it still has its parent's memory.)"""
    try:
        for child in pathlib.Path(f"/proc/{pid}/task/{pid}/children").read_text().split():
            if b"_send" in pathlib.Path(f"/proc/{child}/cmdline").read_bytes():
                return int(child)
    except (FileNotFoundError, ProcessLookupError):
        pass
    return None


def sent(desk: Desk) -> set[str]:
    return {row["sha256"] for row in desk.journal() if row["state"] == "sent"}


def wait(check: Callable[[], object], look: Callable[[], None] = lambda: None) -> float:
    """Seconds until `check` is true; calls `look` all the while."""
    began = time.monotonic()
    while not check():
        if time.monotonic() - began > 300:
            raise TimeoutError("the monitor did not finish")
        look()
        time.sleep(0.02)
    return time.monotonic() - began


def backlog(desk: Desk, files: int) -> dict[str, float]:
    """A monitor that finds many files at its start: its memory afterwards, and the peak with its child meanwhile."""
    put(desk, "backlog", files)
    desk.configure(check_interval_sec=POLL_SEC, old_files=True, stable_sec=2, ca_file=desk.ca_file)
    found = {"peak": 0.0, "own": 0.0}

    def look() -> None:
        if child := sending_child(process.pid):
            found["peak"] = max(found["peak"], sum(memory(pid, "Pss") for pid in (process.pid, child)))
            found["own"] = max(found["own"], sum(memory(pid, "Anonymous") for pid in (process.pid, child)))

    process = desk.start()
    found["backlog"] = wait(lambda: len(sent(desk)) == files, look)
    found["idle"] = rest(desk, process)
    end(process)
    return found


def put(desk: Desk, name: str, files: int) -> None:
    for number in range(files):
        desk.download(f"Naukri_{name}_{number}.pdf", make_cv(SIZE))


def rest(desk: Desk, process: subprocess.Popen) -> float:
    """RSS in MiB once nothing is being sent."""
    wait(lambda: not (desk.data / "sending.jsonl").exists())
    return memory(process.pid, "Rss")


def growth(desk: Desk, files: int) -> tuple[float, float]:
    """RSS in MiB after a hundred CVs, and after `files` more that come by and by."""
    desk.configure(check_interval_sec=1, stable_sec=0.5, ca_file=desk.ca_file)
    process = desk.start()
    put(desk, "first", 100)
    wait(lambda: len(sent(desk)) == 100)
    before = rest(desk, process)
    for start in range(0, files, PORTION):
        put(desk, f"more_{start}", PORTION)
        wait(lambda start=start: len(sent(desk)) == 100 + start + PORTION)
    after = rest(desk, process)
    end(process)
    return before, after


def delays(desk: Desk, files: int) -> list[float]:
    """Seconds from the browser's rename to the journal row that says stored, at any moment of the poll."""
    desk.configure(check_interval_sec=POLL_SEC, stable_sec=2, ca_file=desk.ca_file)
    process = desk.start()
    found = []
    for number in range(files):
        time.sleep(number % 7 * 0.7)
        body = desk.download(f"Naukri_delay_{number}.pdf", make_cv(SIZE))
        found.append(wait(lambda body=body: sha256(body) in sent(desk)))
    end(process)
    return found


def idle_cpu(desk: Desk, python: str, others: int, interval: float, days: float) -> tuple[float, float]:
    """Share of one core in percent, ours over `days` compressed by a clock that runs ahead, and a naive poll's."""
    for number in range(others):
        (desk.downloads / f"{'Naukri' if number % 2 else 'other'}_{number}.pdf").write_bytes(b"%PDF-1.4 %%EOF")
    os.utime(desk.downloads, (1, 1))
    desk.configure(check_interval_sec=interval, heartbeat_sec=86400, ca_file=desk.ca_file)
    day = [python, "-I", "-c", DAY, str(MONITOR), str(desk.data), str(days * 86400)]
    ours = subprocess.run(day, env=desk.environment, capture_output=True, text=True, check=True)
    naive = subprocess.run(
        [python, "-I", "-c", NAIVE, str(desk.downloads), "5"], capture_output=True, text=True, check=True
    )
    return 100 * float(ours.stdout.split()[0]), 100 * float(naive.stdout) / interval


def child_cpu(desk: Desk, python: str) -> float:
    """CPU seconds of one child that only says how the device is."""
    job = {
        "api_url": desk.server.url + "/api",
        "token": desk.server.token,
        "ca_file": desk.ca_file,
        "proxy": "",
        "upload_hosts": [],
        "device": "bench",
        "emp_id": 999,
        "at_once": 1,
        "files": [],
        "journal": str(desk.data / "none"),
        "heartbeat": {
            "device": "bench",
            "version": "0",
            "depth": 0,
            "oldest_waiting_s": 0,
            "stuck": [],
            "detected": [],
        },
    }
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    for _ in range(BEATS):
        child = subprocess.Popen(
            [python, "-I", "-S", str(MONITOR), "_send"],
            env=desk.environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        )
        child.stdin.write(json.dumps(job).encode() + b"\n")
        child.stdin.flush()
        assert b'"ok": true' in child.stdout.read()
        child.wait()
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return (after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime) / BEATS


def open_ends(pid: int) -> tuple[int, int, int]:
    """(threads, open files, children) of one process."""
    process = pathlib.Path(f"/proc/{pid}")
    children = (process / f"task/{pid}/children").read_text().split()
    return len(list((process / "task").iterdir())), len(list((process / "fd").iterdir())), len(children)


def switched_off(desk: Desk, files: int) -> tuple[tuple[int, int, int], tuple[int, int, int]]:
    """What is open before it was ever switched on, and after it has sent files and was switched off again."""
    desk.configure(enabled=False)
    process = desk.start()
    before = open_ends(process.pid)
    desk.configure(old_files=True, ca_file=desk.ca_file)
    put(desk, "open", files)
    wait(lambda: len(sent(desk)) == files)
    desk.configure(enabled=False)
    wait(lambda: "Monitor thread stopped: disabled in config" in desk.log())
    after = open_ends(process.pid)
    end(process)
    return before, after


def peer_memory(server: FarSide | object, ca_file: str) -> float:
    """Idle RSS in MiB of a process that does no more than hold `requests` and have made one call."""
    with subprocess.Popen([sys.executable, "-c", PEER, server.url, ca_file], stdout=subprocess.PIPE) as peer:
        peer.stdout.readline()
        found = memory(peer.pid, "Rss")
        peer.kill()
    return found


class Bench:
    """One server, and a fresh desk for each measurement."""

    def __init__(self, server: FarSide | argparse.Namespace, ca_file: str, root: pathlib.Path) -> None:
        self.server, self.ca_file, self.root, self.count = server, ca_file, root, 0

    def desk(self, python: str) -> Desk:
        self.count += 1
        desk = Desk(self.root / str(self.count), self.server, python)
        desk.ca_file = self.ca_file
        return desk


def measure_memory(bench: Bench, pythons: dict[str, str], files: int, rounds: int) -> None:
    found: dict[str, list[dict[str, float]]] = {version: [] for version in pythons}
    peers = []
    for _ in range(rounds):
        for version, python in pythons.items():
            found[version].append(backlog(bench.desk(python), files))
        peers.append(peer_memory(bench.server, bench.ca_file))
    peer = statistics.median(peers)
    rows = [("Python", f"idle RSS after {files}", "of requests'", "peak with child, PSS", "own", f"{files} files in")]
    for version, each in found.items():
        middle = {name: statistics.median(one[name] for one in each) for name in each[0]}
        mib = [f"{middle[name]:.1f} MiB" for name in ("idle", "peak", "own")]
        rows.append((version, mib[0], f"{middle['idle'] / peer:.2f}", *mib[1:], f"{middle['backlog']:.1f} s"))
    own = ".".join(map(str, sys.version_info[:2]))
    rows.append((f"requests held, {own}", f"{peer:.1f} MiB", "1", "", "", ""))
    table(f"Memory and backlog, {SIZE // 1000} kB files, {POLL_SEC} s poll, medians of {rounds}", rows)


def measure_growth(bench: Bench, pythons: dict[str, str], files: int) -> None:
    rows = [("Python", "idle RSS after 100", f"after {files} more", "growth")]
    for version, python in pythons.items():
        before, after = growth(bench.desk(python), files)
        rows.append((version, f"{before:.2f} MiB", f"{after:.2f} MiB", f"{after - before:.2f} MiB"))
    table(f"Growth over {files} CVs, {PORTION} at a time", rows)


def measure_cpu(bench: Bench, pythons: dict[str, str], days: float) -> None:
    rows = [("Python", "files", "poll", "watching", "heartbeat", "together", "naive poll", "together / naive")]
    for version, python in pythons.items():
        cost = statistics.median(child_cpu(bench.desk(python), python) for _ in range(3))
        beat = 100 * cost / BEAT_SEC
        for others in (100, 1000, 10_000):
            for interval in (5, 1):
                ours, naive = idle_cpu(bench.desk(python), python, others, interval, days)
                shares = [f"{share:.4f} %" for share in (ours, beat, ours + beat)]
                row = (version, f"{others}", f"{interval} s", *shares, f"{naive:.3f} %", f"{(ours + beat) / naive:.4f}")
                rows.append(row)
    title = f"Idle CPU, {days} days of watching under a clock that runs ahead, a heartbeat each {BEAT_SEC} s"
    table(title, rows)


def measure_ends(bench: Bench, pythons: dict[str, str], files: int) -> None:
    rows, said = [("Python", "before", "after")], "{} thread, {} files, {} children"
    for version, python in pythons.items():
        rows.append((version, *(said.format(*one) for one in switched_off(bench.desk(python), files))))
    table(f"Open before it was switched on, and after {files} CVs and enabled: false", rows)


def measure_delay(bench: Bench, pythons: dict[str, str], files: int) -> None:
    rows = [("Python", "median", "p95", "worst")]
    for version, python in pythons.items():
        found = sorted(delays(bench.desk(python), files))
        p95 = found[min(len(found) - 1, int(0.95 * len(found)))]
        rows.append((version, f"{statistics.median(found):.1f} s", f"{p95:.1f} s", f"{found[-1]:.1f} s"))
    table(f"From rename to stored, {files} files at any moment of a {POLL_SEC} s poll", rows)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--url", default=os.environ.get("ATS_URL"), help="a running system instead of the small server")
    parser.add_argument("--token", default=os.environ.get("ATS_TOKEN"))
    parser.add_argument("--files", type=int, default=100, help="in the backlog")
    parser.add_argument("--more", type=int, default=1000, help="files whose growth is measured")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--days", type=float, default=1.0)
    parser.add_argument("--python", nargs="+", default=["3.8", "3.11", "3.13"], help="versions to look for")
    parser.add_argument("--only", choices=["memory", "growth", "cpu", "delay", "ends"])
    options = parser.parse_args()
    pythons = {version: python for version in options.python if (python := find_python(version))}
    print("absent:", ", ".join(sorted(set(options.python) - set(pythons))) or "none", flush=True)
    with tempfile.TemporaryDirectory() as name, FarSide() as small:
        root = pathlib.Path(name)
        server, ca_file = (options, "") if options.url else (small, with_tls(small, root))
        bench = Bench(server, ca_file, root)
        if options.only in (None, "memory"):
            measure_memory(bench, pythons, options.files, options.rounds)
        if options.only in (None, "growth"):
            measure_growth(bench, pythons, options.more)
        if options.only in (None, "cpu"):
            measure_cpu(bench, pythons, options.days)
        if options.only in (None, "delay"):
            measure_delay(bench, pythons, 20)
        if options.only in (None, "ends"):
            measure_ends(bench, pythons, 20)


if __name__ == "__main__":
    main()
