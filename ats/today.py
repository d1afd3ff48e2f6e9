"""What waits: for the recruiter people to decide on, for ops whether the house is well."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.contrib.auth.models import AnonymousUser, User
from django.db import models
from django.db.models import F
from django.http import HttpRequest
from django.utils import timezone

from candidates.models import Candidate, PossibleDuplicate
from candidates.profile import HEAVY
from capture.models import DeviceToken
from uploads.models import Document, ErrorLog, RequestTrace

SHOWN = 6
COUNTED = 100  # a larger heap is told as "99+": no list is ever counted to its end
LAST_CALLS = 1000
TAKEN_UP_WITHIN = timedelta(minutes=1)


def at_most(rows: models.QuerySet) -> str:
    """`12`, `99+`, or nothing for none."""
    count = rows.order_by().values("pk")[:COUNTED].count()
    return "99+" if count == COUNTED else str(count or "")


def waiting(request: HttpRequest) -> dict[str, str]:
    """The badges of the sidebar."""
    found = {}
    if request.user.has_perm("candidates.view_candidate"):
        found["candidates"] = at_most(_new())
    if request.user.has_perm("uploads.view_document"):
        found["to_look_at"] = at_most(Document.objects.to_look_at())
    return found


def _new() -> models.QuerySet[Candidate]:
    return Candidate.objects.filter(review_status=Candidate.ReviewStatus.NEW)


def today(request: HttpRequest) -> dict[str, Any]:
    return {**_recruiting(request), **_running(request.user)}


def _recruiting(request: HttpRequest) -> dict[str, Any]:
    if not request.user.has_perm("candidates.view_candidate"):
        return {}
    light = Candidate.objects.defer("parsed_resume", "links", "offered")
    pairs = (
        PossibleDuplicate.open()
        .filter(candidate__gt=F("other"), candidate__merged_into=None)
        .select_related("candidate", "other")
    )
    heavy = [f"{side}__{field}" for side in ("candidate", "other") for field in HEAVY]
    return {
        "recruiting": True,
        "waiting": waiting(request),
        "new_candidates": light.filter(review_status=Candidate.ReviewStatus.NEW).newest_first()[:SHOWN],
        "to_look_at": Document.objects.to_look_at().light().order_by("-updated_at")[:SHOWN],
        "duplicates": pairs.defer(*heavy).order_by("-pk")[:SHOWN],
        "being_read": at_most(Document.objects.filter(parse_status__in=["pending", "running"])),
    }


def _running(user: User | AnonymousUser) -> dict[str, Any]:
    if not user.has_perm("uploads.run_ops"):
        return {}
    late = timezone.now() - TAKEN_UP_WITHIN
    overdue = Document.objects.filter(parse_status__in=["pending", "running"], parse_due_at__lt=late)
    devices = DeviceToken.objects.filter(revoked_at=None, expiry__gt=timezone.now())
    return {
        "running": True,
        "calls": _last_calls(),
        "overdue": at_most(overdue) or "0",
        "unproven": at_most(Document.objects.promised().url_expired()) or "0",
        "devices": at_most(devices) or "0",
        "failures": ErrorLog.objects.defer("stack_trace").select_related("user").order_by("-pk")[:SHOWN],
    }


def _last_calls() -> dict[str, int]:
    outcomes = list(RequestTrace.objects.order_by("-pk").values_list("outcome", flat=True)[:LAST_CALLS])
    return {"all": len(outcomes), "failed": outcomes.count(RequestTrace.Outcome.FAILED)}
