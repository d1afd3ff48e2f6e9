"""A person's data, for that person."""

from __future__ import annotations

from django.http import FileResponse, Http404
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.views import APIView

from candidates.exports import export
from candidates.models import ResumeAccess
from candidates.views import find
from uploads import ledger
from uploads.errors import ObjectMissing
from uploads.permissions import asker, may


class Export(APIView):
    """Everything that is kept of a candidate: JSON and files."""

    operation = "candidate.export"
    throttle_scope = "candidates"
    permission_classes = [may("uploads.download_document")]

    @extend_schema(responses={(200, "application/zip"): OpenApiTypes.BINARY})
    def get(self, request: Request, pk: int) -> FileResponse:
        candidate = find(pk)
        try:
            archive = export(candidate)
        except ObjectMissing as error:
            ledger.note_error("OBJECT_MISSING", "The object of a stored document is not there.", error)
            raise Http404 from error
        looks = [
            ResumeAccess(candidate=candidate, document=version.document, user=asker(request), kind="download")
            for version in candidate.versions.all()
        ]
        ResumeAccess.objects.bulk_create(looks)
        name = f"candidate-{candidate.pk}.zip"
        response = FileResponse(archive, as_attachment=True, filename=name, content_type="application/zip")
        response["Cache-Control"] = "private, no-store"
        response["X-Content-Type-Options"] = "nosniff"
        return response
