"""Two records of one person: merge, un-merge, or say that they are two people."""

from __future__ import annotations

from django.http import Http404
from drf_spectacular.utils import extend_schema
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from candidates import merging, serializers
from candidates.models import PossibleDuplicate
from candidates.views import LOOK, answer, find
from uploads import ledger
from uploads.permissions import asker, may

MERGE = "candidates.merge_candidate"


class MergeCandidates(APIView):
    """Puts another candidate into this one."""

    operation = "candidate.merge"
    throttle_scope = "candidates"
    permission_classes = [may(MERGE)]

    @extend_schema(request=serializers.MergeInSerializer, responses=serializers.CandidateSerializer)
    def post(self, request: Request, pk: int) -> Response:
        asked = serializers.MergeInSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        other = asked.validated_data["other"]
        if other == int(pk):
            raise ValidationError({"other": ["A candidate cannot be merged into itself."]})
        try:
            merge = merging.merge(int(pk), other, asked.validated_data.get("fields", {}), asker(request))
        except merging.NotThere:
            raise Http404 from None
        ledger.note(candidate_id=int(pk), other=other, merge_id=merge.pk)
        return answer(pk)


class UnmergeCandidates(APIView):
    """Makes two of one again; what was edited since stays."""

    operation = "candidate.unmerge"
    throttle_scope = "candidates"
    permission_classes = [may(MERGE)]

    @extend_schema(request=serializers.UnmergeInSerializer, responses=serializers.CandidateSerializer(many=True))
    def post(self, request: Request, pk: int) -> Response:
        asked = serializers.UnmergeInSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        try:
            merge = merging.unmerge(asked.validated_data["merge_id"], int(pk), asker(request))
        except merging.NotThere:
            raise Http404 from None
        ledger.note(candidate_id=int(pk), other=merge.absorbed_id, merge_id=merge.pk)
        both = [find(merge.kept_id), find(merge.absorbed_id)]
        return Response(serializers.CandidateSerializer(both, many=True).data)


class Merges(APIView):
    """Who was put into this candidate, when and by whom."""

    throttle_scope = "candidates"
    permission_classes = [may(LOOK)]

    @extend_schema(responses=serializers.MergeSerializer(many=True))
    def get(self, request: Request, pk: int) -> Response:
        merges = find(pk).merges.select_related("merged_by", "undone_by")
        return Response(serializers.MergeSerializer(merges, many=True).data)


class PossibleDuplicates(APIView):
    """A pair that looks like one person."""

    operation = "candidate.duplicate"
    throttle_scope = "candidates"
    permission_classes = [may("candidates.change_candidate")]

    @extend_schema(responses={204: None})
    def delete(self, request: Request, pk: int, other: int) -> Response:
        """They are two people: not asked again."""
        if not PossibleDuplicate.dismiss(find(pk).pk, int(other), asker(request)):
            raise Http404
        return Response(status=204)
