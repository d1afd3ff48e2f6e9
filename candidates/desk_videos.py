"""The videos of one person on the desk: put one on its candidate, watch it, download it, take it off."""

from __future__ import annotations

import uuid
from typing import Any

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404
from django.urls import path
from django.views.decorators.http import require_POST, require_safe

from candidates.desk_pages import page_of, to_change
from candidates.models import CandidateAssessment, ResumeAccess
from candidates.records import AssessmentTaken
from uploads.desk import log_action, signed_in
from uploads.models import Assessment
from uploads.ranges import document_response


def video_urls(desk: Any) -> list[Any]:
    def put_on(request: HttpRequest, pk: int) -> HttpResponse:
        return put_video(request, desk, pk)

    def take_off(request: HttpRequest, pk: int, assessment_id: uuid.UUID) -> HttpResponse:
        return take_video_off(request, desk, pk, assessment_id)

    admit = desk.admin_site.admin_view
    return [
        path("<int:pk>/videos/", admit(require_POST(put_on)), name="candidate_videos"),
        path("<int:pk>/videos/<uuid:assessment_id>/", admit(require_safe(video)), name="candidate_video"),
        path("<int:pk>/videos/<uuid:assessment_id>/off/", admit(require_POST(take_off)), name="candidate_video_off"),
    ]


def put_video(request: HttpRequest, desk: Any, pk: int) -> HttpResponse:
    person = to_change(request, desk, pk)
    try:
        assessment = get_object_or_404(Assessment, pk=request.POST.get("assessment_id", ""))
    except ValidationError as no_id:
        raise Http404 from no_id
    try:
        if CandidateAssessment.put(person, assessment, signed_in(request)):
            log_action(request, [person], "Put a video.")
    except AssessmentTaken as taken:
        messages.error(request, str(taken.detail))
    return page_of(pk)


def take_video_off(request: HttpRequest, desk: Any, pk: int, assessment_id: uuid.UUID) -> HttpResponse:
    person = to_change(request, desk, pk)
    if not CandidateAssessment.take_off(person, assessment_id):
        raise Http404
    log_action(request, [person], "Took a video off.")
    messages.success(request, "The video is nobody's now and can be put on another person.")
    return page_of(pk)


def video(request: HttpRequest, pk: int, assessment_id: uuid.UUID) -> HttpResponseBase:
    """The file, to be played on this person's page or downloaded. Who looks is written down."""
    if not request.user.has_perm("uploads.download_document"):
        raise Http404
    links = CandidateAssessment.objects.select_related("candidate", "assessment__document")
    link = get_object_or_404(links, candidate=pk, candidate__merged_into=None, assessment=assessment_id)
    document = link.assessment.document
    if document is None:
        raise Http404
    download = "download" in request.GET
    response = document_response(request, document, document.original_filename, inline=not download)
    kind = ResumeAccess.Kind.DOWNLOAD if download else ResumeAccess.Kind.LOOK
    ResumeAccess.note(response, candidate=link.candidate, document=document, user=signed_in(request), kind=kind)
    return response
