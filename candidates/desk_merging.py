"""The desk's pages for two records of one person: merge with a choice for each field, two people, two again."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.contrib.admin import AdminSite
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.urls import path
from django.views.decorators.http import require_POST

from candidates import merging
from candidates.desk_pages import page_of
from candidates.models import Candidate, Merge, PossibleDuplicate
from uploads.desk import log_action, signed_in

MERGE = "candidates.merge_candidate"


def merging_urls(site: AdminSite) -> list[Any]:
    pages = {
        "merge/<int:other>": merge_page,
        "two-people/<int:other>": require_POST(two_people),
        "unmerge/<int:merge_id>": require_POST(unmerge),
        "keep": require_POST(keep),
    }
    return [
        path(f"<int:pk>/{route}/", site.admin_view(_of(site, view)), name=f"candidate_{route.partition('/')[0]}")
        for route, view in pages.items()
    ]


def _of(site: AdminSite, view: Any) -> Any:
    def with_site(request: HttpRequest, **named: Any) -> HttpResponse:
        return view(request, site=site, **named)

    return with_site


def merge_page(request: HttpRequest, site: AdminSite, pk: int, other: int) -> HttpResponse:
    if not request.user.has_perm(MERGE):
        raise PermissionDenied
    kept, twin = get_object_or_404(Candidate, pk=pk), get_object_or_404(Candidate, pk=other)
    if kept == twin:
        raise Http404
    if request.method == "POST":
        chosen = {field: request.POST[field] for field in merging.FIELDS if request.POST.get(field) in SIDES}
        merging.merge(pk, other, chosen, signed_in(request))
        log_action(request, [kept, twin], f"Merged candidate {other} into candidate {pk}.")
        messages.success(request, "The two are one now. This can be undone on this page.")
        return page_of(pk)
    page = {"person": kept, "other": twin, "choices": _choices(kept, twin), "title": "Merge two records of one person"}
    return TemplateResponse(request, "admin/candidates/candidate/merge.html", {**site.each_context(request), **page})


SIDES = ("kept", "other")


def _choices(kept: Candidate, other: Candidate) -> list[dict[str, Any]]:
    """The fields in which the two differ; what is the same needs no choice."""
    found = []
    for field in merging.FIELDS:
        mine, theirs = getattr(kept, field), getattr(other, field)
        if mine != theirs:
            stands = merging.value_after(kept, other, field)
            choice = {"field": field, "label": field.replace("_", " "), "kept": mine, "other": theirs}
            found.append(choice | {"takes_other": stands == theirs, "joins": stands not in (mine, theirs)})
    return found


def two_people(request: HttpRequest, site: AdminSite, pk: int, other: int) -> HttpResponse:
    if not request.user.has_perm("candidates.change_candidate"):
        raise PermissionDenied
    if not PossibleDuplicate.dismiss(pk, other, signed_in(request)):
        raise Http404
    messages.success(request, "They are two people. This will not be asked again.")
    return page_of(pk)


def unmerge(request: HttpRequest, site: AdminSite, pk: int, merge_id: int) -> HttpResponse:
    if not request.user.has_perm(MERGE):
        raise PermissionDenied
    try:
        link = merging.unmerge(merge_id, pk, signed_in(request))
    except merging.NotThere:
        raise Http404 from None
    log_action(request, [link.kept, link.absorbed], f"Separated candidate {link.absorbed_id} from candidate {pk}.")
    messages.success(request, "They are two again, as they were; what was edited since stays here.")
    return page_of(pk)


def keep(request: HttpRequest, site: AdminSite, pk: int) -> HttpResponse:
    """Somebody who was erased before may be kept: a human's decision."""
    if not request.user.has_perm("candidates.delete_candidate"):
        raise PermissionDenied
    person = get_object_or_404(Candidate, pk=pk)
    person.keep_after_all()
    log_action(request, [person], "Kept, though erased before.")
    return page_of(pk)


def open_merges(person: Candidate) -> list[Merge]:
    return list(person.merges.filter(undone_at=None).select_related("absorbed", "merged_by"))
