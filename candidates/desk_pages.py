"""What every form about one person at the desk begins and ends with."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.urls import reverse

from candidates.models import Candidate


def to_change(request: HttpRequest, desk: Any, pk: int) -> Candidate:
    """404 for nobody, 403 for who may not change them."""
    person = get_object_or_404(Candidate, pk=pk)
    if not desk.has_change_permission(request, person):
        raise PermissionDenied
    return person


def page_of(pk: int, query: str = "") -> HttpResponseRedirect:
    return HttpResponseRedirect(reverse("admin:candidates_candidate_change", args=[pk]) + query)
