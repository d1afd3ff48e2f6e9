"""The upload page and the page of one video, for signed-in users."""

from __future__ import annotations

import uuid

from django.conf import settings
from django.contrib.auth.decorators import login_required, permission_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.template.defaultfilters import filesizeformat

from uploads.filetypes import all_types
from uploads.models import Assessment


@login_required
@permission_required("uploads.add_document", raise_exception=True)
def upload_page(request: HttpRequest) -> HttpResponse:
    limits = {file_type.extension: file_type.max_bytes for file_type in all_types()}
    context = {
        "facts": {
            "chunkSize": settings.UPLOAD_CHUNK_BYTES,
            "maxBytes": limits,
            "user": request.user.pk,
            "csrfCookie": settings.CSRF_COOKIE_NAME,
        },
        "accept": ",".join(f".{extension}" for extension in limits),
        "cv_types": ", ".join(settings.CV_FILE_TYPES),
        "video_types": ", ".join(settings.VIDEO_FILE_TYPES),
        "cv_limit": filesizeformat(settings.CV_MAX_BYTES),
        "video_limit": filesizeformat(settings.UPLOAD_MAX_BYTES),
    }
    return render(request, "upload/page.html", context)


@login_required
@permission_required("uploads.view_document", raise_exception=True)
def assessment_page(request: HttpRequest, assessment_id: uuid.UUID) -> HttpResponse:
    assessment = get_object_or_404(Assessment.objects.select_related("document"), pk=assessment_id)
    return render(request, "upload/assessment.html", {"assessment": assessment})
