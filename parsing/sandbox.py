"""Reads one file in a process of its own, which may crash, hang or eat memory without harm.

A fork server is started once per calling process with the engines loaded; it forks a child for each file, so a file
costs a fork and not a fresh interpreter. Every request carries its own socket, so threads may ask at once. The child's
wall clock is an alarm with the kernel's default action, which also ends a call that never returns from C. Nothing is
ever unpickled: requests and answers are JSON. When the caller dies the server reads the end of its control socket and
leaves (a death signal would follow the thread that started it); when the server dies the kernel ends its children.
"""

from __future__ import annotations

import array
import contextlib
import gc
import json
import os
import select
import signal
import socket
import struct
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any, NoReturn

from parsing.reading import Reading, Unreadable

LENGTH = struct.Struct("!I")
MAX_ANSWER = 64 * 2**20
GRACE = 3.0  # seconds the caller waits beyond the child's own wall clock
HAS_FORK = hasattr(os, "fork") and hasattr(socket.socket, "sendmsg")
CLEAN_ENVIRONMENT = {
    "PATH": os.environ.get("PATH", os.defpath),
    "LANG": "C.UTF-8",
    "HOME": "/nonexistent",
    "OMP_THREAD_LIMIT": "1",
}


class Limits:
    """What one file may cost: address space in bytes, processor and wall-clock seconds."""

    def __init__(self, memory: int, cpu: int, wall: float):
        self.memory, self.cpu, self.wall = memory, cpu, wall


TEXT_LIMITS = Limits(memory=512 * 2**20, cpu=10, wall=20.0)
OCR_LIMITS = Limits(memory=2**30, cpu=120, wall=200.0)
VIDEO_LIMITS = Limits(memory=512 * 2**20, cpu=40, wall=50.0)
LIMITS = {"text": TEXT_LIMITS, "ocr": OCR_LIMITS, "video": VIDEO_LIMITS}


def read_safely(
    path: str | os.PathLike[str],
    file_name: str | None = None,
    *,
    ocr: bool = False,
    today: str = "",
    explain: bool = False,
) -> Reading:
    """Read one file of a stranger; the answer or Unreadable comes within the limits, whatever the file does.

    `today` ("YYYY-MM", else this month) is until when a current job counts in a file without a date. Without `explain`
    the rule and box of every value stay in the child: they are larger than what they explain.
    """
    request = {
        "work": "ocr" if ocr else "text",
        "path": os.path.abspath(path),
        "file_name": file_name,
        "today": today or time.strftime("%Y-%m", time.gmtime()),
        "explain": explain,
    }
    answer = _ask(request)
    return Reading(answer["text"], answer["fields"], answer["warnings"])


def probe_safely(path: str | os.PathLike[str], extension: str) -> dict[str, Any]:
    """Measure one video of a stranger within the limits. The answer is that of `parsing.video.probe`; or Unreadable."""
    return _ask({"work": "video", "path": os.path.abspath(path), "extension": extension})


def _ask(request: dict[str, Any]) -> dict[str, Any]:
    body, wait = json.dumps(request).encode(), LIMITS[request["work"]].wall + GRACE
    answer = _fork_server().ask(body, wait) if HAS_FORK else _plain_child(body, wait)
    if "error" in answer:
        raise Unreadable(answer["error"], answer.get("reason", ""))
    return answer


# The caller's side


class ForkServer:
    """The handle of one running fork server."""

    def __init__(self) -> None:
        self.owner = os.getpid()
        self.control, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_STREAM)
        with theirs:
            self.process = _start_python("serve", stdin=theirs.fileno())

    def ask(self, request: bytes, wait: float) -> dict[str, Any]:
        """Send one request; the answer, or the error that stands for a reader that died."""
        ours, theirs = socket.socketpair()
        with ours:
            with theirs:
                if not self._hand_over(theirs):
                    return {"error": "crashed"}
            ours.settimeout(wait)
            try:
                ours.sendall(LENGTH.pack(len(request)) + request)
                return _first_answer(ours)
            except TimeoutError:
                return {"error": "too_slow"}
            except (OSError, ValueError):
                return {"error": "crashed"}

    def _hand_over(self, theirs: socket.socket) -> bool:
        try:
            self.control.sendmsg([b"f"], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", [theirs.fileno()]))])
        except OSError:
            return False
        return True

    def alive(self) -> bool:
        return self.owner == os.getpid() and self.process.poll() is None

    def close(self) -> None:
        self.control.close()
        if self.owner == os.getpid():
            self.process.kill()
            self.process.wait()


_server: ForkServer | None = None
_starting = threading.Lock()


def _fork_server() -> ForkServer:
    global _server
    with _starting:
        if _server is None or not _server.alive():
            if _server is not None:
                _server.close()
            _server = ForkServer()
        return _server


def _start_python(role: str, **options: Any) -> subprocess.Popen[bytes]:
    root = str(Path(__file__).resolve().parent.parent)
    code = f"import sys; sys.path.insert(0, {root!r}); from parsing import sandbox; sandbox.{role}()"
    return subprocess.Popen(
        [sys.executable, "-I", "-c", code],
        env=CLEAN_ENVIRONMENT,
        cwd=os.sep,
        stderr=subprocess.DEVNULL,
        stdout=options.pop("stdout", subprocess.DEVNULL),
        start_new_session=True,
        **options,
    )


def _plain_child(request: bytes, wait: float) -> dict[str, Any]:
    """The way of platforms without fork: a fresh interpreter for each file."""
    with _start_python("answer_once", stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        try:
            output, _ = process.communicate(request, timeout=wait)
            return json.loads(output) if output else {"error": "crashed"}
        except subprocess.TimeoutExpired:
            process.kill()
            return {"error": "too_slow"}
        except ValueError:
            return {"error": "crashed"}


def _first_answer(ours: socket.socket) -> dict[str, Any]:
    (length,) = LENGTH.unpack(_receive(ours, LENGTH.size))
    if length > MAX_ANSWER:
        raise ValueError("answer too long")
    answer = json.loads(_receive(ours, length))
    if not isinstance(answer, dict):
        raise ValueError("answer is no object")
    return answer


def _receive(sock: socket.socket, length: int) -> bytes:
    parts, missing = [], length
    while missing:
        part = sock.recv(min(missing, 2**20))
        if not part:
            raise ValueError("connection ended")
        parts.append(part)
        missing -= len(part)
    return b"".join(parts)


# The server's side


def serve() -> None:
    """Run as the fork server: control socket on stdin, one file descriptor per request, one fork per file."""
    control = socket.socket(fileno=os.dup(0))
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    _preload()
    woken, wake = socket.socketpair()
    woken.setblocking(False)
    wake.setblocking(False)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    signal.set_wakeup_fd(wake.fileno(), warn_on_full_buffer=False)
    children: dict[int, socket.socket] = {}
    while True:
        ready, _, _ = select.select([control, woken], [], [])
        if woken in ready:
            woken.recv(4096)
            _reap(children)
        if control in ready and not _accept(control, children):
            os._exit(0)


def _preload() -> None:
    from parsing import resume, text

    text.preload()
    resume.preload()
    gc.freeze()


def _accept(control: socket.socket, children: dict[int, socket.socket]) -> bool:
    _, ancillary, _, _ = control.recvmsg(1, socket.CMSG_SPACE(4))
    if not ancillary:
        return False
    reply = socket.socket(fileno=struct.unpack("i", ancillary[0][2][:4])[0])
    pid = os.fork()
    if pid == 0:
        signal.set_wakeup_fd(-1)
        control.close()
        _be_the_child(reply)
    children[pid] = reply
    return True


def _reap(children: dict[int, socket.socket]) -> None:
    """Say how each ended child died; a child that answered has answered already."""
    while children:
        pid, status = os.waitpid(-1, os.WNOHANG)
        if pid == 0:
            return
        with children.pop(pid) as reply:
            if status:
                reply.setblocking(False)
                _send(reply, {"error": _meaning(status)})


def _meaning(status: int) -> str:
    died_of = os.WTERMSIG(status) if os.WIFSIGNALED(status) else 0
    return "too_slow" if died_of in (signal.SIGALRM, signal.SIGXCPU) else "crashed"


def _send(sock: socket.socket, answer: dict[str, Any]) -> None:
    body = json.dumps(answer).encode()
    with contextlib.suppress(OSError):  # the caller gave up waiting; nobody is left to tell
        sock.sendall(LENGTH.pack(len(body)) + body)


# The child's side


def _be_the_child(reply: socket.socket) -> NoReturn:
    code = 1
    gc.disable()  # the process ends with its file
    try:
        request = json.loads(_receive(reply, LENGTH.unpack(_receive(reply, LENGTH.size))[0]))
        limit_this_process(LIMITS[request["work"]])
        _send(reply, _answer(request))
        code = 0
    finally:
        os._exit(code)


def _answer(request: dict[str, Any]) -> dict[str, Any]:
    try:
        answer = _measure(request) if request["work"] == "video" else _read(request)
        json.dumps(answer)
        return answer
    except Unreadable as unreadable:
        return {"error": unreadable.code, "reason": unreadable.reason}
    except MemoryError:
        return {"error": "too_large", "reason": "The file needs more memory than the reader may use."}
    except OSError:
        return {"error": "crashed", "reason": "The stored file could not be opened."}


def _read(request: dict[str, Any]) -> dict[str, Any]:
    from parsing import read_cv

    reading = read_cv(request["path"], request["file_name"], ocr=request["work"] == "ocr", today=request["today"])
    if not request["explain"]:
        del reading.fields["meta"]["explain"]
    return {"text": reading.text, "fields": reading.fields, "warnings": reading.warnings}


def _measure(request: dict[str, Any]) -> dict[str, Any]:
    from parsing.video import probe

    return probe(request["path"], request["extension"])


def answer_once() -> None:
    """Run as a plain child: request on stdin, answer on stdout."""
    request = json.load(sys.stdin)
    limit_this_process(LIMITS[request["work"]])
    print(json.dumps(_answer(request)))


def limit_this_process(limits: Limits) -> None:
    """Bound memory, processor, wall clock, files and, where the system lets us, network of this process for good."""
    if not HAS_FORK:
        return
    import resource

    for signum in (signal.SIGALRM, signal.SIGCHLD, signal.SIGTERM):
        signal.signal(signum, signal.SIG_DFL)
    signal.setitimer(signal.ITIMER_REAL, limits.wall)
    resource.setrlimit(resource.RLIMIT_AS, (limits.memory, limits.memory))
    resource.setrlimit(resource.RLIMIT_CPU, (limits.cpu, limits.cpu + 1))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_NOFILE, (64, 64))
    if sys.platform == "linux":
        _linux_only_limits()


def _linux_only_limits() -> None:
    import ctypes

    pr_set_pdeathsig, clone_newuser, clone_newnet = 1, 0x10000000, 0x40000000
    libc = ctypes.CDLL(None)
    libc.prctl(pr_set_pdeathsig, int(signal.SIGKILL))
    libc.unshare(clone_newuser | clone_newnet)  # refused in many containers; then the other limits must do
