"""The videos of one candidate."""

from __future__ import annotations

import uuid

from django.db import transaction
from django.http import Http404
from django.shortcuts import get_object_or_404
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from candidates import serializers
from candidates.models import CandidateAssessment
from candidates.views import LOOK, find
from uploads import ledger
from uploads.chunked_serializers import AssessmentSerializer
from uploads.models import Assessment
from uploads.permissions import asker, may, may_each


class Assessments(APIView):
    """The videos of a candidate, newest first, and one more."""

    operation = "candidate.assessments"
    throttle_scope = "candidates"
    permission_classes = [may_each(GET=LOOK, POST="candidates.change_candidate")]

    @extend_schema(responses=AssessmentSerializer(many=True))
    def get(self, request: Request, pk: int) -> Response:
        links = find(pk).assessment_links.select_related("assessment")
        return Response(AssessmentSerializer([link.assessment for link in links], many=True).data)

    @extend_schema(
        request=serializers.AssessmentInSerializer, responses={200: AssessmentSerializer, 201: AssessmentSerializer}
    )
    def post(self, request: Request, pk: int) -> Response:
        """Put on a candidate twice, it is there once."""
        asked = serializers.AssessmentInSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        with transaction.atomic():
            candidate = find(pk, lock=True)
            assessment = get_object_or_404(Assessment, pk=asked.validated_data["assessment_id"])
            made = CandidateAssessment.put(candidate, assessment, asker(request))
        ledger.note(assessment.document_id, candidate_id=candidate.pk)
        return Response(AssessmentSerializer(assessment).data, status=201 if made else 200)


class OneAssessment(APIView):
    """A video that is on the wrong candidate."""

    operation = "candidate.assessment"
    throttle_scope = "candidates"
    permission_classes = [may("candidates.change_candidate")]

    @extend_schema(responses={204: None})
    def delete(self, request: Request, pk: int, assessment_id: uuid.UUID) -> Response:
        ledger.note(candidate_id=pk)
        if not CandidateAssessment.take_off(find(pk), assessment_id):
            raise Http404
        return Response(status=204)
