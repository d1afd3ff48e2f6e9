"""Erasing a person: rows first, then objects; what a crash leaves undone is on the receipt."""

from __future__ import annotations

from collections.abc import Iterable

from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import Exists, OuterRef, QuerySet

from candidates.models import Candidate, Erasure, NameSlip, ResumeVersion
from candidates.words import words_of
from uploads.models import Document
from uploads.storage import get_store


def erase(candidate_id: int, by: User | None) -> Erasure | None:
    """Erases a candidate with all documents that no other person's record holds; None when there is no such one.

    The store is asked before anything changes: StoreUnavailable leaves all as it was.
    """
    objects = versions_of(own_documents(candidate_id).values_list("s3_key", flat=True))
    with transaction.atomic():
        own = list(own_documents(candidate_id).select_for_update(of=("self",)).values_list("pk", "s3_key"))
        candidate = Candidate.objects.select_for_update().filter(pk=candidate_id).first()
        if candidate is None:
            return None
        names = set(words_of(candidate.full_name))
        candidate.delete()
        NameSlip.forget(names)
        Document.objects.filter(pk__in=[pk for pk, _ in own]).delete()
        keys = {key for _, key in own}
        left = [[key, version] for key, version in objects if key in keys]
        erasure = Erasure.objects.create(
            candidate_id=candidate_id, erased_by=by, documents=len(own), objects_removed=len(left), left=left
        )
    erasure.finish()
    return erasure


def own_documents(candidate_id: int) -> QuerySet[Document]:
    """The documents that are CVs of this candidate and of nobody else."""
    others = ResumeVersion.objects.filter(document=OuterRef("pk")).exclude(candidate=candidate_id)
    return Document.objects.filter(~Exists(others), versions__candidate=candidate_id).defer("text", "parsed")


def versions_of(keys: Iterable[str]) -> list[tuple[str, str]]:
    """Every version of these objects, as (key, version)."""
    store = get_store()
    return [(key, stored.version) for key in keys for stored in store.versions(key) if stored.key == key]


def finish_erasures() -> int:
    """The sweep: what a store that was away still holds."""
    return sum(erasure.finish() for erasure in Erasure.objects.exclude(left=[]).order_by("pk"))
