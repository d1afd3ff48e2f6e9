"""The ledger: what was tried at the doors and in the background, by whom, and how it ended. Nothing fails silently."""

from __future__ import annotations

import logging
import uuid
from typing import Any

from django.conf import settings
from django.db import DatabaseError, models
from django.db.models.functions import Now

from uploads.sql import execute
from uploads.trace import Trace, begin, current, note, note_error

__all__ = ["ErrorLog", "RequestTrace", "Trace", "begin", "current", "note", "note_error", "record_failure", "write"]

logger = logging.getLogger(__name__)


class RequestTrace(models.Model):
    """One authenticated write call of a door."""

    class Outcome(models.TextChoices):
        SUCCESS = "SUCCESS"
        FAILED = "FAILED"

    trace_id = models.UUIDField(db_index=True)
    operation = models.CharField(max_length=60)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")
    document = models.ForeignKey(
        "uploads.Document", null=True, on_delete=models.SET_NULL, related_name="traces", db_constraint=False
    )
    outcome = models.CharField(max_length=7, choices=Outcome.choices)
    details = models.JSONField(default=dict)
    duration_ms = models.PositiveIntegerField()
    created_at = models.DateTimeField(db_default=Now(), db_index=True)

    class Meta:
        db_table = "request_traces"
        permissions = [("run_ops", "Can run the installation: sessions, devices, ledger, storage")]

    def __str__(self) -> str:
        return f"{self.operation} {self.outcome}"


class ErrorLog(models.Model):
    """One error of an authenticated call or of a task. Holds no value that a person sent."""

    trace_id = models.UUIDField(db_index=True)
    code = models.CharField(max_length=60)
    message = models.TextField()
    operation = models.CharField(max_length=60)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")
    document = models.ForeignKey(
        "uploads.Document", null=True, on_delete=models.SET_NULL, related_name="errors", db_constraint=False
    )
    stack_trace = models.TextField(blank=True)
    created_at = models.DateTimeField(db_default=Now(), db_index=True)

    class Meta:
        db_table = "error_logs"

    def __str__(self) -> str:
        return f"{self.code} in {self.operation}"


_CALL = """
INSERT INTO request_traces (trace_id, operation, user_id, document_id, outcome, details, duration_ms)
VALUES (%(trace_id)s, %(operation)s, %(user_id)s, %(document_id)s, %(outcome)s, %(details)s, %(duration)s)
"""


def write(trace: Trace, *, is_call: bool) -> None:
    """Writes the rows of a finished call or task. A ledger that cannot be written never changes an answer."""
    try:
        if is_call:
            outcome = RequestTrace.Outcome.FAILED if trace.error else RequestTrace.Outcome.SUCCESS
            details = trace.details | ({"error": trace.error["code"]} if trace.error else {})
            execute(_CALL, {**_common(trace), "outcome": outcome, "details": details, "duration": trace.duration_ms})
        if trace.error:
            ErrorLog.objects.create(**_common(trace), **trace.error)
    except DatabaseError:
        logger.exception("The ledger could not be written: %s %s", trace.operation, trace.error and trace.error["code"])


def _common(trace: Trace) -> dict[str, Any]:
    return {
        "trace_id": trace.id,
        "operation": trace.operation or "unknown",
        "user_id": trace.user_id,
        "document_id": trace.document_id,
    }


def record_failure(operation: str, code: str, message: str, document_id: uuid.UUID | None = None,
                   exception: BaseException | None = None) -> None:  # fmt: skip
    """The error row of a task or sweep."""
    trace = Trace(id=current().id, operation=operation, document_id=document_id)
    begin(trace)
    note_error(code, message, exception)
    write(trace, is_call=False)
