"""The trace of the call or task that is under way, for the ledger, the answers and the log."""

from __future__ import annotations

import logging
import time
import traceback
import uuid
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any


@dataclass
class Trace:
    """One call or task on its way through the house."""

    id: uuid.UUID = field(default_factory=uuid.uuid4)
    operation: str = ""
    user_id: int | None = None
    document_id: uuid.UUID | None = None
    details: dict[str, Any] = field(default_factory=dict)
    error: dict[str, str] | None = None
    started: float = field(default_factory=time.monotonic)

    @property
    def duration_ms(self) -> int:
        return round((time.monotonic() - self.started) * 1000)


_current: ContextVar[Trace | None] = ContextVar("trace", default=None)


def begin(trace: Trace) -> Trace:
    _current.set(trace)
    return trace


def current() -> Trace:
    """The trace of this call; outside of one, a new one."""
    return _current.get() or begin(Trace())


def note(document_id: uuid.UUID | None = None, **details: Any) -> None:
    """Remembers what this call was about, for its ledger row."""
    trace = current()
    trace.document_id = document_id or trace.document_id
    trace.details.update(details)


def note_error(code: str, message: str, exception: BaseException | None = None) -> None:
    stack = "".join(traceback.format_exception(exception)) if exception else ""
    current().error = {"code": code[:60], "message": message, "stack_trace": stack}


class TraceFilter(logging.Filter):
    """Gives every log record its trace id."""

    def filter(self, record: logging.LogRecord) -> bool:
        trace = _current.get()
        record.trace_id = trace.id if trace else "-"
        return True
