"""Notes and tags on a candidate: by whom, and when."""

from __future__ import annotations

from django.db import IntegrityError, transaction
from django.http import Http404
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from candidates import serializers
from candidates.models import Candidate, Note, Tag
from candidates.views import LOOK, find
from uploads.permissions import asker, may, may_each

CHANGE = "candidates.change_candidate"


class Notes(APIView):
    """What colleagues wrote about a candidate, newest first."""

    operation = "candidate.notes"
    throttle_scope = "candidates"
    permission_classes = [may_each(GET=LOOK, POST=CHANGE)]

    @extend_schema(responses=serializers.NoteSerializer(many=True))
    def get(self, request: Request, pk: int) -> Response:
        notes = find(pk).notes.select_related("author")
        return Response(serializers.NoteSerializer(notes, many=True).data)

    @extend_schema(request=serializers.NoteInSerializer, responses={201: serializers.NoteSerializer})
    def post(self, request: Request, pk: int) -> Response:
        asked = serializers.NoteInSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        note = Note.objects.create(candidate=find(pk), author=asker(request), **asked.validated_data)
        note.refresh_from_db()
        return Response(serializers.NoteSerializer(note).data, status=201)


class OneNote(APIView):
    """Takes a note back: its author, or who may erase candidates."""

    operation = "candidate.note"
    throttle_scope = "candidates"
    permission_classes = [may(CHANGE)]

    @extend_schema(responses={204: None})
    def delete(self, request: Request, pk: int, note_id: int) -> Response:
        notes = Note.objects.filter(candidate=pk, pk=note_id)
        if not request.user.has_perm("candidates.delete_candidate"):
            notes = notes.filter(author=asker(request))
        if not notes.delete()[0]:
            raise Http404
        return Response(status=204)


class Tags(APIView):
    """Words that colleagues put on a candidate."""

    operation = "candidate.tags"
    throttle_scope = "candidates"
    permission_classes = [may_each(GET=LOOK, POST=CHANGE)]

    @extend_schema(responses=serializers.TagSerializer(many=True))
    def get(self, request: Request, pk: int) -> Response:
        return Response(serializers.TagSerializer(find(pk).tags.select_related("author"), many=True).data)

    @extend_schema(
        request=serializers.TagInSerializer, responses={200: serializers.TagSerializer, 201: serializers.TagSerializer}
    )
    def post(self, request: Request, pk: int) -> Response:
        """Twice the same tag is one tag."""
        asked = serializers.TagInSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        tag, made = put_tag(find(pk), asked.validated_data["name"], asker(request).pk)
        return Response(serializers.TagSerializer(tag).data, status=201 if made else 200)


def put_tag(candidate: Candidate, name: str, author_id: int) -> tuple[Tag, bool]:
    try:
        with transaction.atomic():
            tag = Tag.objects.create(candidate=candidate, name=name, author_id=author_id)
            tag.refresh_from_db()
            candidate.index()
            return tag, True
    except IntegrityError:
        return candidate.tags.get(name__iexact=name), False


class OneTag(APIView):
    operation = "candidate.tag"
    throttle_scope = "candidates"
    permission_classes = [may(CHANGE)]

    @extend_schema(responses={204: None})
    def delete(self, request: Request, pk: int, name: str) -> Response:
        with transaction.atomic():
            candidate = find(pk, lock=True)
            if not candidate.tags.filter(name__iexact=name).delete()[0]:
                raise Http404
            candidate.index()
        return Response(status=204)
