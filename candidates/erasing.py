"""Erasing a person: rows first, then objects; what a crash leaves undone is on the receipt."""

from __future__ import annotations

from collections.abc import Iterable

from django.contrib.auth.models import User
from django.db import connection, transaction
from django.db.models import Exists, OuterRef, QuerySet

from candidates.keys import person_keys
from candidates.models import Candidate, CandidateAssessment, Erasure, NameSlip, ResumeVersion
from candidates.words import words_of
from uploads.blackout import black_out
from uploads.erasing import Traces, forget, scrub
from uploads.errors import Conflict
from uploads.models import Assessment, Document, Tombstone, UploadSession
from uploads.storage import get_store

NAMES = ("original_filename", "captures__file_name", "versions__file_name", "upload_sessions__filename")
MOST_LOOKS = 5


class LegalHold(Conflict):
    default_detail = "This candidate is under a legal hold and cannot be erased."
    default_code = "legal_hold"


class Grown(Conflict):
    default_detail = "A CV of this candidate is arriving at this moment. Please try again."
    default_code = "candidate_grows"


def erase(candidate_id: int, by: User | None) -> Erasure | None:
    """Erases a candidate with all documents that no other person's record holds; None when there is no such one.

    The store is asked before anything changes: StoreUnavailable leaves all as it was. Raises LegalHold, Grown.
    """
    for _ in range(MOST_LOOKS):
        candidate = Candidate.objects.filter(pk=candidate_id).first()
        if candidate is None:
            return None
        if candidate.legal_hold:
            raise LegalHold
        traces = _traces(candidate)
        objects = versions_of(document.s3_key for document in traces.documents)
        # Before the rows: after a crash there would be nobody who knows what to look for in the logs.
        black_out(traces.all_words, traces.marks)
        if erasure := _erase_rows(traces, objects, by):
            scrub(traces)
            erasure.finish()
            return erasure
    raise Grown


def _erase_rows(seen: Traces, objects: list[tuple[str, str]], by: User | None) -> Erasure | None:
    """None when the record is no longer what was seen. Locks documents before candidates, as everybody does."""
    [candidate_id] = [row.pk for row in seen.rows[:1]]
    with transaction.atomic():
        ids = [document.pk for document in seen.documents]
        list(Document.objects.select_for_update(of=("self",)).filter(pk__in=ids).order_by("pk").values_list("pk"))
        candidate = Candidate.objects.select_for_update().filter(pk=candidate_id).first()
        if candidate is None or candidate.legal_hold or _traces(candidate) != seen:
            return None
        erasure = _receipt(candidate, seen, objects, by)
        forget(seen)
        seen.pieces = _delete_rows(candidate, seen)
    return erasure


def own_documents(candidate_id: int) -> QuerySet[Document]:
    """The CVs and videos of this candidate that are nobody else's."""
    versions = ResumeVersion.objects.filter(document=OuterRef("pk"))
    videos = CandidateAssessment.objects.filter(assessment__document=OuterRef("pk"))
    own = Exists(versions.filter(candidate=candidate_id)) | Exists(videos.filter(candidate=candidate_id))
    others = Exists(versions.exclude(candidate=candidate_id)) | Exists(videos.exclude(candidate=candidate_id))
    return Document.objects.filter(own, ~others).defer("text", "parsed").order_by("pk")


def versions_of(keys: Iterable[str]) -> list[tuple[str, str]]:
    """Every version of these objects, as (key, version)."""
    store = get_store()
    store.check()  # a disk that is not mounted has no files, which is not to say that there are none
    return [(key, stored.version) for key in keys for stored in store.versions(key) if stored.key == key]


def finish_erasures() -> int:
    """The sweep: what a store that was away still holds."""
    return sum(erasure.finish() for erasure in Erasure.objects.exclude(left=[]).order_by("pk"))


def _traces(candidate: Candidate) -> Traces:
    """Words that stand for this person alone, their files, and how their lines in the daily logs can be told."""
    rows, own = candidate.records(), list(own_documents(candidate.pk))
    videos = UploadSession.objects.filter(assessment__candidate_link__candidate=candidate)
    uploads = dict(videos.values_list("pk", "filename"))
    names, marks = _names_and_marks(candidate, own)
    names |= set(uploads.values())
    names -= _names_of_others(names, own)
    # What was announced under such a name and never became a CV: refused, expired, or not yet sent.
    unproven = Document.objects.filter(original_filename__in=names).exclude(
        upload_status=Document.UploadStatus.COMPLETE
    )
    own += unproven.defer("text", "parsed").order_by("pk")
    return Traces(
        documents=own,
        rows=list(rows),
        uploads=set(uploads),
        names=names,
        words=_words(candidate, rows),
        marks=marks | {f"upload session {pk} " for pk in uploads},
    )


def _words(candidate: Candidate, rows: list[Candidate]) -> set[str]:
    basics = candidate.documents.filter(parsed__isnull=False).values_list("parsed__basics", flat=True)
    found = {value for said in basics for _, value in person_keys(said or {})}
    found |= {(said or {}).get(name) or "" for said in basics for name in ("email", "phone")}
    found |= set(candidate.keys.values_list("value", flat=True))
    for row in rows:
        found |= {row.email, row.phone, row.full_name if " " in row.full_name else ""}  # "Asha" is many people
    return found


def _names_and_marks(candidate: Candidate, own: list[Document]) -> tuple[set[str], set[str]]:
    """The names of their files at every door, and by what the lines about these can be told."""
    names = {version.file_name for version in candidate.versions.all()} | {row.original_filename for row in own}
    marks: set[str] = set()
    # The captures are another room's; they are asked by the name of the relation.
    of_own = Document.objects.filter(pk__in=[document.pk for document in own])
    for pk, name in of_own.filter(captures__isnull=False).values_list("captures__pk", "captures__file_name"):
        names.add(name)
        marks |= {f'"cv_capture_id":{pk},', f'"cv_capture_id":{pk}}}'}
    sessions = of_own.filter(upload_sessions__isnull=False)
    for upload_id, name in sessions.values_list("upload_sessions__pk", "upload_sessions__filename"):
        names.add(name)
        marks.add(f"upload session {upload_id} ")
    return names - {""}, marks


def _names_of_others(names: set[str], own: list[Document]) -> set[str]:
    """Those of these names under which somebody else's stored file came, too: `CV.pdf` stands for nobody."""
    others = Document.objects.stored().exclude(pk__in=[document.pk for document in own])
    return {
        name for column in NAMES for name in others.filter(**{f"{column}__in": names}).values_list(column, flat=True)
    }


def _receipt(candidate: Candidate, traces: Traces, objects: list[tuple[str, str]], by: User | None) -> Erasure:
    left = [list(one) for one in objects]
    erasure = Erasure.objects.create(
        candidate_id=candidate.pk,
        erased_by=by,
        documents=len(traces.documents),
        objects_removed=len(left),
        left=left,
    )
    hashes = [("sha256", sha256) for sha256 in traces.hashes]  # of what another holds nothing is buried
    Tombstone.put(erasure.pk, [*candidate.keys.values_list("kind", "value"), *hashes])
    return erasure


def _delete_rows(candidate: Candidate, traces: Traces) -> set[str]:
    """Returns the words of their names that nobody bears any more."""
    names = {word for row in candidate.records() for word in words_of(row.full_name)}
    Assessment.objects.filter(candidate_link__candidate=candidate).delete()
    candidate.delete()
    Document.objects.filter(pk__in=[document.pk for document in traces.documents]).delete()
    if connection.vendor == "sqlite":
        with connection.cursor() as cursor:  # deleted words linger in older segments of the index
            cursor.execute("INSERT INTO candidate_words(candidate_words) VALUES ('optimize')")
    return NameSlip.forget(names)
