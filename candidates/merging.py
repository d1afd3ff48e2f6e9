"""Two records of one person become one, with a choice for each field; and two again, as they were, later edits kept."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.models import User
from django.db import models, transaction
from django.db.models.functions import Now

from candidates import named_files
from candidates.models import (
    Candidate,
    CandidateAssessment,
    Merge,
    Note,
    PossibleDuplicate,
    ResumeAccess,
    ResumeVersion,
    SearchEntry,
    Tag,
)
from candidates.queries import looking_again

FIELDS = (
    "full_name", "email", "phone", "location", "headline", "skills", "links", "total_years", "review_status", "source",
)  # fmt: skip
LISTS = ("skills", "links")
COLUMNS = (*FIELDS, "typed_fields", "offered", "name_is_guess", "legal_hold")
MOVED: tuple[type[models.Model], ...] = (ResumeVersion, Note, Tag, ResumeAccess, CandidateAssessment)


class NotThere(Exception):
    """One of the two is not there (any more)."""


def merge(kept_id: int, other_id: int, chosen: dict[str, str], by: User | None) -> Merge:
    """Puts `other` into `kept`. `chosen`: field → "kept" or "other"; where nothing is chosen, a person's word comes
    before a CV's, then the kept record's before a blank one; lists are joined. Raises NotThere."""
    merged: list[Merge] = []

    def work() -> Candidate:
        kept, other = _both(kept_id, other_id)
        merged[:] = [_merge(kept, other, chosen, by)]
        return kept

    looking_again(work)
    return merged[0]


def _both(kept_id: int, other_id: int) -> tuple[Candidate, Candidate]:
    locked = Candidate.objects.select_for_update().order_by("pk").in_bulk([kept_id, other_id])
    if len(locked) != 2:
        raise NotThere
    return locked[kept_id], locked[other_id]


def _merge(kept: Candidate, other: Candidate, chosen: dict[str, str], by: User | None) -> Merge:
    before = columns_of(kept)
    for field in FIELDS:
        setattr(kept, field, value_after(kept, other, field, chosen.get(field)))
    kept.typed_fields = sorted({*kept.typed_fields, *(f for f in chosen if f not in ("review_status", "source"))} | {
        field for field in other.typed_fields if getattr(kept, field) == getattr(other, field)
    })  # fmt: skip
    kept.name_is_guess = kept.name_is_guess and kept.full_name == before["full_name"]
    kept.legal_hold = kept.legal_hold or other.legal_hold
    kept.offered = {name: value for name, value in kept.offered.items() if name not in chosen}
    shared = _take_shared_versions(kept, other)
    moved = {model._meta.db_table: _move(model, other, kept) for model in MOVED}
    other.keys.all().delete()
    SearchEntry.objects.filter(candidate=other).delete()
    Candidate.objects.filter(pk=other.pk).update(merged_into=kept, resume_file_due=True)
    named_files.place_after_commit(other.pk)
    _save(kept)
    return Merge.objects.create(
        kept=kept, absorbed=other, before=before, after=columns_of(kept), moved=moved, shared=shared, merged_by=by
    )


def value_after(kept: Candidate, other: Candidate, field: str, choice: str | None = None) -> Any:
    """What stands after the merge."""
    mine, theirs = getattr(kept, field), getattr(other, field)
    if choice:
        return theirs if choice == "other" else mine
    if field in LISTS and mine and theirs:
        return list(dict.fromkeys([*mine, *theirs]))
    typed_there_only = field in other.typed_fields and field not in kept.typed_fields
    return theirs if theirs and (typed_there_only or not mine) else mine


def columns_of(candidate: Candidate) -> dict[str, Any]:
    return {name: getattr(candidate, name) for name in COLUMNS}


def _save(candidate: Candidate) -> None:
    """Writes the columns, and lets everything that follows from them follow."""
    read = candidate.versions.filter(document__parsed__isnull=False).select_related("document").first()
    parsed = read.document.parsed if read else None
    Candidate.everyone.filter(pk=candidate.pk).update(
        **columns_of(candidate), parsed_resume=parsed, resume_file_due=True, updated_at=Now()
    )
    candidate.settle()
    named_files.place_after_commit(candidate.pk)


def _take_shared_versions(kept: Candidate, other: Candidate) -> list[list[str]]:
    """Documents that both have stay once; what the other's version said is kept for the way back."""
    twice = other.versions.filter(document__in=kept.versions.values("document"))
    facts = [
        [str(v.document_id), v.file_name, v.current_since.isoformat(), v.created_at.isoformat()] for v in twice
    ]  # fmt: skip
    other.versions.filter(pk__in=[version.pk for version in twice]).delete()
    return facts


def _move(model: type[models.Model], source: Candidate, target: Candidate) -> list[int]:
    """The ids of the rows that went over. A tag that both have stays with each."""
    rows = model._default_manager.filter(candidate=source)
    if model is Tag:
        mine = {name.lower() for name in target.tags.values_list("name", flat=True)}
        rows = rows.filter(pk__in=[tag.pk for tag in source.tags.all() if tag.name.lower() not in mine])
    ids = list(rows.values_list("pk", flat=True))
    model._default_manager.filter(pk__in=ids).update(candidate=target)
    return ids


def unmerge(merge_id: int, kept_id: int, by: User | None) -> Merge:
    """Makes two of one again: both as they were before the merge, and what was edited since stays. Raises NotThere."""
    done: list[Merge] = []

    def work() -> Candidate:
        kept = Candidate.objects.select_for_update().filter(pk=kept_id).first()
        found = Merge.objects.select_for_update().filter(pk=merge_id, kept=kept_id, undone_at=None)
        link = found.first()
        if kept is None or link is None:
            raise NotThere
        done[:] = [_unmerge(link, kept, by)]
        return kept

    looking_again(work)
    return done[0]


def _unmerge(link: Merge, kept: Candidate, by: User | None) -> Merge:
    other = Candidate.everyone.select_for_update().get(pk=link.absorbed_id)
    for name in COLUMNS:
        if getattr(kept, name) == link.after[name]:  # else it was edited since
            setattr(kept, name, link.before[name])
    for model in MOVED:
        ids = link.moved.get(model._meta.db_table, [])
        model._default_manager.filter(pk__in=ids, candidate=kept).update(candidate=other)
    for doc_id, file_name, current_since, created_at in link.shared:
        facts = {"file_name": file_name, "current_since": current_since, "created_at": created_at}
        ResumeVersion.objects.get_or_create(candidate=other, document_id=doc_id, defaults=facts)
    Candidate.everyone.filter(pk=other.pk).update(merged_into=None)
    Merge.objects.filter(pk=link.pk).update(undone_at=Now(), undone_by=by)
    _save(kept)
    _save(other)
    PossibleDuplicate.dismiss(kept.pk, other.pk, by)
    link.refresh_from_db()
    return link


def compare_old(limit: int) -> int:
    """The nightly sweep: rows that were never compared, or not since the rows around them grew."""
    old = Candidate.objects.order_by(models.F("compared_at").asc(nulls_first=True)).values_list("pk", flat=True)
    compared = 0
    for pk in list(old[:limit]):
        with transaction.atomic():
            if candidate := Candidate.objects.select_for_update().filter(pk=pk).first():
                candidate.compare()
                compared += 1
    return compared
