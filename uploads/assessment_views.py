"""What was found in an uploaded video, for any recruiter who knows its id."""

from __future__ import annotations

import uuid

from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from uploads.chunked_serializers import AssessmentSerializer
from uploads.models import Assessment
from uploads.permissions import may


class ReadAssessment(APIView):
    throttle_scope = "chunked"
    permission_classes = [may("uploads.view_document")]

    @extend_schema(responses=AssessmentSerializer)
    def get(self, request: Request, assessment_id: uuid.UUID) -> Response:
        return Response(AssessmentSerializer(get_object_or_404(Assessment, pk=assessment_id)).data)


class ReadPoster(APIView):
    """The poster picture of a video."""

    throttle_scope = "chunked"
    permission_classes = [may("uploads.view_document")]

    @extend_schema(responses={(200, "image/jpeg"): OpenApiTypes.BINARY})
    def get(self, request: Request, assessment_id: uuid.UUID) -> HttpResponse:
        assessment = get_object_or_404(Assessment, pk=assessment_id)
        if not assessment.poster:
            raise Http404
        headers = {"Cache-Control": "private, no-store"}
        return HttpResponse(bytes(assessment.poster), content_type="image/jpeg", headers=headers)
