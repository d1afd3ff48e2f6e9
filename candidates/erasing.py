"""Erasing a person: rows first, then objects; what a crash leaves undone is on the receipt."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import User
from django.contrib.contenttypes.models import ContentType
from django.db import connection, transaction
from django.db.models import Exists, Model, OuterRef, Q, QuerySet

from candidates.models import Candidate, CandidateAssessment, Erasure, NameSlip, ResumeVersion, Tombstone
from candidates.words import words_of
from uploads.blackout import black_out
from uploads.errors import Conflict
from uploads.ledger import ErrorLog, RequestTrace
from uploads.models import Assessment, Document
from uploads.storage import get_store


class LegalHold(Conflict):
    default_detail = "This candidate is under a legal hold and cannot be erased."
    default_code = "legal_hold"


@dataclass
class Traces:
    """What tells of a person outside of their own rows. Held in memory only."""

    words: set[str] = field(default_factory=set)
    marks: set[str] = field(default_factory=set)


def erase(candidate_id: int, by: User | None) -> Erasure | None:
    """Erases a candidate with all documents that no other person's record holds; None when there is no such one.

    The store is asked before anything changes: StoreUnavailable leaves all as it was. Raises LegalHold.
    """
    objects = versions_of(own_documents(candidate_id).values_list("s3_key", flat=True))
    with transaction.atomic():
        own = list(own_documents(candidate_id).select_for_update(of=("self",)))
        candidate = Candidate.objects.select_for_update().filter(pk=candidate_id).first()
        if candidate is None:
            return None
        if candidate.legal_hold:
            raise LegalHold
        traces = _traces(candidate, own)
        erasure = _receipt(candidate, own, objects, by)
        _delete_rows(candidate, own)
        _clean_ledger(own, traces)
    black_out(traces.words, traces.marks)
    _compact()
    erasure.finish()
    return erasure


def own_documents(candidate_id: int) -> QuerySet[Document]:
    """The CVs and videos of this candidate that are nobody else's."""
    versions = ResumeVersion.objects.filter(document=OuterRef("pk"))
    videos = CandidateAssessment.objects.filter(assessment__document=OuterRef("pk"))
    own = Exists(versions.filter(candidate=candidate_id)) | Exists(videos.filter(candidate=candidate_id))
    others = Exists(versions.exclude(candidate=candidate_id)) | Exists(videos.exclude(candidate=candidate_id))
    return Document.objects.filter(own, ~others).defer("text", "parsed")


def versions_of(keys: Iterable[str]) -> list[tuple[str, str]]:
    """Every version of these objects, as (key, version)."""
    store = get_store()
    store.check()  # a disk that is not mounted has no files, which is not to say that there are none
    return [(key, stored.version) for key in keys for stored in store.versions(key) if stored.key == key]


def finish_erasures() -> int:
    """The sweep: what a store that was away still holds."""
    return sum(erasure.finish() for erasure in Erasure.objects.exclude(left=[]).order_by("pk"))


def _rows(candidate: Candidate) -> list[Candidate]:
    return [candidate, *candidate.absorbed.all()]


def _traces(candidate: Candidate, own: list[Document]) -> Traces:
    """Words that stand for this person alone, and how their lines in the daily log can be told."""
    found = Traces()
    for row in _rows(candidate):
        long_enough = row.full_name if " " in row.full_name else ""  # "Asha" is many people
        found.words |= {row.email, row.phone, long_enough}
    names = {version.file_name for version in candidate.versions.all()}
    for document in own:
        found.words.add(document.doc_hash_256)
        names.add(document.original_filename)
    # The captures are another room's; they are asked by the name of the relation.
    captures = Document.objects.filter(pk__in=[document.pk for document in own], captures__isnull=False)
    for capture_id, name in captures.values_list("captures__pk", "captures__file_name"):
        found.marks |= {f'"cv_capture_id":{capture_id},', f'"cv_capture_id":{capture_id}}}'}
        names.add(name)
    others = Document.objects.filter(original_filename__in=names).exclude(pk__in=[document.pk for document in own])
    found.words |= names - set(others.values_list("original_filename", flat=True))
    found.words.discard("")
    return found


def _receipt(candidate: Candidate, own: list[Document], objects: list[tuple[str, str]], by: User | None) -> Erasure:
    keys = {document.s3_key for document in own}
    left = [[key, version] for key, version in objects if key in keys]
    erasure = Erasure.objects.create(
        candidate_id=candidate.pk, erased_by=by, documents=len(own), objects_removed=len(left), left=left
    )
    hashes = [("sha256", document.doc_hash_256) for document in own]  # of what another holds nothing is buried
    Tombstone.put(erasure, [*candidate.keys.values_list("kind", "value"), *hashes])
    return erasure


def _delete_rows(candidate: Candidate, own: list[Document]) -> None:
    names = {word for row in _rows(candidate) for word in words_of(row.full_name)}
    _forget_history(_rows(candidate))
    _forget_history(own)
    Assessment.objects.filter(candidate_link__candidate=candidate).delete()
    candidate.delete()
    NameSlip.forget(names)
    Document.objects.filter(pk__in=[document.pk for document in own]).delete()


def _forget_history(rows: Iterable[Model]) -> None:
    """The desk's history keeps that something was done, by whom and when, but not to whom."""
    for row in rows:
        entries = LogEntry.objects.filter(
            content_type=ContentType.objects.get_for_model(row), object_id__in=[str(row.pk)]
        )
        entries.update(object_repr="erased", change_message="")


def _clean_ledger(own: list[Document], traces: Traces) -> None:
    """The ledger's rows of their documents go, and error rows in which a word of theirs was caught."""
    ids = [document.pk for document in own]
    RequestTrace.objects.filter(document_id__in=ids).delete()
    caught = Q(document_id__in=ids)
    for word in traces.words:
        caught |= Q(message__icontains=word) | Q(stack_trace__icontains=word)
    ErrorLog.objects.filter(caught).delete()


def _compact() -> None:
    """SQLite: deleted words linger in older segments of the index and in the journal until both are rewritten."""
    if connection.vendor != "sqlite":
        return
    with connection.cursor() as cursor:
        cursor.execute("INSERT INTO candidate_words(candidate_words) VALUES ('optimize')")
        if not connection.in_atomic_block:
            cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)")
