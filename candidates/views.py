"""Door two: candidates. Parse, find, call one verb, answer."""

from __future__ import annotations

from django.db import transaction
from django.http import Http404
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.exceptions import PermissionDenied
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from candidates import serializers
from candidates.arrivals import make_with_resume
from candidates.erasing import erase
from candidates.excerpts import excerpts_of
from candidates.facets import facets
from candidates.filters import FILTERS, narrowed
from candidates.models import Candidate
from candidates.pages import ORDERINGS, page_of
from candidates.search import understood
from uploads import ledger
from uploads.multipart import WholeMultiPartParser
from uploads.permissions import asker, may, may_each

LOOK = "candidates.view_candidate"
ERASE = "candidates.delete_candidate"
DECISIONS = {"review_status": "candidates.review_candidate", "legal_hold": ERASE, "erased_before": ERASE}
FILTER_PARAMETERS = [OpenApiParameter(name, str, description=words) for name, words in FILTERS.items()]


def find(pk: int, *, lock: bool = False) -> Candidate:
    """One candidate, or 404. Inside of a transaction `lock` keeps others from changing it meanwhile."""
    candidates = Candidate.objects.select_for_update() if lock else Candidate.objects.with_record()
    candidate = candidates.filter(pk=pk).first()
    if candidate is None:
        raise Http404
    return candidate


def answer(pk: int, status: int = 200) -> Response:
    return Response(serializers.CandidateSerializer(find(pk)).data, status=status)


class Candidates(APIView):
    """All candidates, and a new one."""

    operation = "candidates"
    throttle_scope = "candidates"
    permission_classes = [may_each(GET=LOOK, POST="candidates.add_candidate")]
    parser_classes = [WholeMultiPartParser]

    @extend_schema(
        operation_id="candidates_list",
        parameters=[
            *FILTER_PARAMETERS,
            OpenApiParameter("ordering", str, enum=ORDERINGS),
            OpenApiParameter("limit", int, description="1 to 100; usually 20"),
            OpenApiParameter("cursor", str, description="as found in `next` and `previous`"),
        ],
        responses=serializers.PageSerializer,
    )
    def get(self, request: Request) -> Response:
        terms = understood(request.query_params.get("search", ""))
        page = page_of(narrowed(Candidate.objects.with_record(), request.query_params, terms), request, terms)
        results = serializers.CandidateSerializer(page.rows, many=True).data
        found = excerpts_of(page.rows, terms)
        for row in results:
            row["excerpts"] = found[row["id"]]
        return Response({"results": results, "next": page.next, "previous": page.previous})

    @extend_schema(
        request={"multipart/form-data": serializers.MultipartSchema}, responses={201: serializers.CandidateSerializer}
    )
    def post(self, request: Request) -> Response:
        asked = serializers.NewCandidateSerializer(data=serializers.unfold(request.data))
        asked.is_valid(raise_exception=True)
        typed = dict(asked.validated_data)
        resume = typed.pop("resume", None)
        candidate = make_with_resume(typed, resume) if resume else Candidate.objects.make(typed)
        ledger.note(candidate_id=candidate.pk)
        return answer(candidate.pk, status=201)


class Facets(APIView):
    """How the matches of the same filters are spread."""

    throttle_scope = "candidates"
    permission_classes = [may(LOOK)]

    @extend_schema(parameters=FILTER_PARAMETERS, responses=serializers.FacetsSerializer)
    def get(self, request: Request) -> Response:
        terms = understood(request.query_params.get("search", ""))
        return Response(facets(narrowed(Candidate.objects.all(), request.query_params, terms)))


class OneCandidate(APIView):
    """One candidate: look, change, erase."""

    operation = "candidate"
    throttle_scope = "candidates"
    permission_classes = [may_each(GET=LOOK, PATCH="candidates.change_candidate", DELETE=ERASE)]

    @extend_schema(responses=serializers.CandidateSerializer)
    def get(self, request: Request, pk: int) -> Response:
        return answer(pk)

    @extend_schema(request=serializers.ChangeSerializer, responses=serializers.CandidateSerializer)
    def patch(self, request: Request, pk: int) -> Response:
        asked = serializers.ChangeSerializer(data=request.data, partial=True)
        asked.is_valid(raise_exception=True)
        for name, right in DECISIONS.items():
            if name in asked.validated_data and not request.user.has_perm(right):
                raise PermissionDenied
        ledger.note(candidate_id=pk, fields=sorted(asked.validated_data))
        with transaction.atomic():
            find(pk, lock=True).change(dict(asked.validated_data))
        return answer(pk)

    @extend_schema(responses={204: None})
    def delete(self, request: Request, pk: int) -> Response:
        ledger.note(candidate_id=pk)
        if erase(pk, asker(request)) is None:
            raise Http404
        return Response(status=204)
