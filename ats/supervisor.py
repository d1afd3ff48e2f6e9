"""Starts programs in order, passes their words on, starts again what dies, and stops all in reverse order."""

from __future__ import annotations

import contextlib
import os
import selectors
import signal
import subprocess
import time
from dataclasses import dataclass
from types import FrameType, TracebackType

from ats.console import Console
from ats.processes import Parent, Program

REQUESTS_TO_END = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
STOP_WITHIN = 26.0  # seconds for what is in flight; whoever asked us to stop waits for 30
SERVICES_STOP_WITHIN = 3.0
STEADY_AFTER = 60.0  # seconds of life after which a program's former deaths are forgotten
LONGEST_DELAY = 30.0


class Stopped(Exception):
    """We were asked to end."""


class StepFailed(Exception):
    """A program that had to end well did not."""


@dataclass
class Charge:
    """A program in our care."""

    program: Program
    started: float = 0.0
    deaths: int = 0
    again_at: float | None = None
    unfinished: bytes = b""


class Supervisor:
    """`with Supervisor(console) as supervisor:` then `start` one layer after the other, and `watch`. What a program
    without a name prints goes out as it is.

    A layer is a group of programs that lean on the layers before it, not on each other. Signals only set a flag that
    every wait looks at, so no program can be started and then forgotten. With `leave_with_parent` it also ends when
    the process that started it does.
    """

    def __init__(self, console: Console, *, leave_with_parent: bool = False) -> None:
        self.console = console
        self.parent = Parent() if leave_with_parent else None
        self.layers: list[list[Charge]] = []
        self.selector = selectors.DefaultSelector()
        self.asked_to_end = False

    def __enter__(self) -> Supervisor:
        self.former = {number: signal.signal(number, self._ask_to_end) for number in REQUESTS_TO_END}
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> bool:
        self.stop()
        for number, handler in self.former.items():
            signal.signal(number, handler)
        return kind is Stopped

    def _ask_to_end(self, number: int, frame: FrameType | None) -> None:
        self.asked_to_end = True

    # --- Starting -----------------------------------------------------------------------------------------------------
    def start(self, *programs: Program) -> None:
        """Starts a layer and waits until each program of it is ready."""
        self.layers.append([])
        for program in programs:
            charge = Charge(program)
            self.layers[-1].append(charge)
            self._start(charge)
        for program in programs:
            program.wait_until_ready(self.pause)

    def run(self, step: Program) -> None:
        """Runs a program that does one thing and ends."""
        self.layers.append([charge := Charge(step)])
        self._start(charge)
        while step.alive:
            self.pause(0.05)
        if step.status:
            raise StepFailed(f"The preparation ended with status {step.status}: see above.")
        self._end(charge)
        self.layers.pop()

    def _start(self, charge: Charge) -> None:
        charge.program.start(subprocess.PIPE)
        charge.started, charge.again_at, charge.unfinished = time.monotonic(), None, b""
        assert charge.program.process is not None
        if charge.program.process.stdout is not None:
            os.set_blocking(charge.program.process.stdout.fileno(), False)
            self.selector.register(charge.program.process.stdout, selectors.EVENT_READ, charge)

    # --- Watching -----------------------------------------------------------------------------------------------------
    def watch(self) -> None:
        """Until we are asked to end. Leaves by `Stopped`."""
        while True:
            self.pause(0.25)
            for charge in self._charges():
                self._look_after(charge)

    def _look_after(self, charge: Charge) -> None:
        if charge.program.alive:
            if time.monotonic() - charge.started > STEADY_AFTER:
                charge.deaths = 0
        elif charge.again_at is None:
            delay = min(2.0**charge.deaths, LONGEST_DELAY)
            status = charge.program.status
            self.console.say(f"{charge.program.name} ended with status {status}; starting it again in {delay:g} s")
            self._end(charge)
            charge.deaths, charge.again_at = charge.deaths + 1, time.monotonic() + delay
        elif time.monotonic() >= charge.again_at:
            self._start(charge)

    def pause(self, seconds: float) -> None:
        """Passes on what programs print meanwhile. Every wait of ours is this one: it ends by `Stopped`."""
        self._pass_on(seconds)
        if self.asked_to_end or (self.parent is not None and self.parent.leaves()):
            raise Stopped

    def _pass_on(self, seconds: float) -> None:
        if not self.selector.get_map():
            time.sleep(seconds)
        for key, _ in self.selector.select(seconds):
            self._read(key.data)

    def _read(self, charge: Charge) -> None:
        """What it printed since, up to a megabyte. Whole lines are passed on, the rest waits for its end."""
        assert charge.program.process is not None
        output = charge.program.process.stdout
        assert output is not None
        data = b""
        with contextlib.suppress(BlockingIOError):
            for _ in range(16):
                piece = os.read(output.fileno(), 65536)
                data += piece
                if not piece:
                    self.selector.unregister(output)
                    break
        *lines, charge.unfinished = (charge.unfinished + data).split(b"\n")
        for line in lines:
            text = line.decode(errors="replace").rstrip()
            if charge.program.name:
                self.console.pass_on(charge.program.name, text)
            else:
                self.console.say(text)

    # --- Stopping -----------------------------------------------------------------------------------------------------
    def stop(self) -> None:
        """All in reverse order. Within a layer the requests to end go out together, so that one slow program does not
        use up the time of the others."""
        limit = time.monotonic() + STOP_WITHIN
        for layer in reversed(self.layers):
            for charge in reversed(layer):
                charge.program.ask_to_end()
            for charge in reversed(layer):
                while charge.program.alive and time.monotonic() < limit:
                    self._pass_on(0.05)
                self._end(charge)
            limit = max(limit, time.monotonic() + SERVICES_STOP_WITHIN)
        self.layers.clear()

    def _end(self, charge: Charge) -> None:
        """Kills what is left of its group and passes its last words on."""
        process = charge.program.process
        charge.program.signal(signal.SIGKILL)
        if process is not None and process.stdout is not None:
            if process.stdout in self.selector.get_map():
                self._read(charge)
            if process.stdout in self.selector.get_map():
                self.selector.unregister(process.stdout)
        charge.program.kill()

    def _charges(self) -> list[Charge]:
        return [charge for layer in self.layers for charge in layer]
