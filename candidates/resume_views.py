"""The CVs of one candidate: download, new version, versions, how far reading has come."""

from __future__ import annotations

from django.core.exceptions import SuspiciousFileOperation
from django.http import Http404
from django.http.response import HttpResponseBase
from django.utils.text import get_valid_filename
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiResponse, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from candidates import serializers
from candidates.arrivals import put_resume
from candidates.models import Candidate, ResumeAccess, ResumeVersion
from candidates.views import LOOK, answer, find
from uploads import ledger
from uploads.errors import ObjectMissing
from uploads.multipart import WholeMultiPartParser
from uploads.permissions import asker, may, may_each
from uploads.ranges import document_response


class Resume(APIView):
    """The current CV of a candidate."""

    operation = "candidate.resume"
    throttle_scope = "candidates"
    permission_classes = [may_each(GET="uploads.download_document", PUT="candidates.change_candidate")]
    parser_classes = [WholeMultiPartParser]

    @extend_schema(
        responses={(200, "application/pdf"): OpenApiTypes.BINARY, 206: OpenApiResponse(description="a range")}
    )
    def get(self, request: Request, pk: int) -> HttpResponseBase:
        candidate = find(pk)
        version = candidate.current_version
        if version is None:
            raise Http404
        return served(request, candidate, version, ResumeAccess.Kind.DOWNLOAD)

    @extend_schema(
        request={"multipart/form-data": serializers.NewResumeSerializer}, responses=serializers.CandidateSerializer
    )
    def put(self, request: Request, pk: int) -> Response:
        asked = serializers.NewResumeSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        find(pk)  # before the bytes are stored
        try:
            put_resume(pk, asked.validated_data["resume"])
        except Candidate.DoesNotExist:
            raise Http404 from None
        return answer(pk)


def served(
    request: Request, candidate: Candidate, version: ResumeVersion, kind: str, *, inline: bool = False
) -> HttpResponseBase:
    """The bytes of a version under the candidate's name. Who looks is written down, once for a file read in ranges."""
    document = version.document
    name = f"{file_stem(candidate)}.{document.file_type.extension}"
    try:
        response = document_response(request._request, document, name, inline=inline)
    except ObjectMissing as error:
        ledger.note_error("OBJECT_MISSING", "The object of a stored document is not there.", error)
        raise Http404 from error
    ResumeAccess.note(response, candidate=candidate, document=document, user=asker(request), kind=kind)
    return response


def file_stem(candidate: Candidate) -> str:
    """The candidate's name as a file is called, or a number where nothing of the name is left."""
    try:
        return get_valid_filename(candidate.full_name)
    except SuspiciousFileOperation:
        return f"candidate-{candidate.pk}"


class Resumes(APIView):
    """The versions of a candidate's CV, newest first."""

    throttle_scope = "candidates"
    permission_classes = [may(LOOK)]

    @extend_schema(responses=serializers.VersionSerializer(many=True))
    def get(self, request: Request, pk: int) -> Response:
        return Response(serializers.VersionSerializer(find(pk).versions.all(), many=True).data)


class ParsingStatus(APIView):
    """How far the reading of the current CV has come. Answers from the row."""

    throttle_scope = "candidates"
    permission_classes = [may(LOOK)]

    @extend_schema(responses=serializers.ParsingStatusSerializer)
    def get(self, request: Request, pk: int) -> Response:
        return Response(serializers.ParsingStatusSerializer(find(pk)).data, headers={"Cache-Control": "no-store"})
