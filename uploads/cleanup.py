"""Removing what nobody holds: expired promises, failed uploads, orphaned objects, old versions, unfinished parts.

Every step looks again at the moment it deletes, so it may run twice, at once, and while uploads run.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from itertools import chain, islice
from typing import TypeVar

from django.db.models import Model, QuerySet
from django.utils import timezone

from uploads.keys import is_resume_name
from uploads.models import Document, UploadSession
from uploads.queries import DocumentQuerySet
from uploads.signals import storage_cleaned
from uploads.storage import StoredObject, get_store

URL_GRACE = timedelta(minutes=4)  # a PUT begun in the last second of its URL may still be under way
TEMPORARY_SECONDS = 3600
Row = TypeVar("Row", bound=Model)


def _light(documents: DocumentQuerySet) -> QuerySet[Document]:
    return documents.defer("text", "parsed")


@dataclass
class Cleanup:
    """One run. `dry_run` counts without touching anything."""

    older_than: timedelta
    batch: int = 1000
    dry_run: bool = False

    def run(self) -> dict[str, int]:
        removed = {
            "expired uploads ended": self.end_expired_promises(),
            "failed uploads removed": self.remove_failed(),
            "expired upload sessions ended": self.end_expired_sessions(),
            "old upload sessions removed": self.remove_sessions(),
            "multipart leftovers removed": self.remove_multiparts(),
            "orphaned objects and old versions removed": self.remove_objects(),
            "temporary files removed": 0 if self.dry_run else get_store().sweep_temporary(TEMPORARY_SECONDS),
        }
        for _, more in storage_cleaned.send(sender=Document, dry_run=self.dry_run):
            removed |= more  # type: ignore[arg-type]  # the stubs take every answer for a text
        return removed

    def end_expired_promises(self) -> int:
        """A promise whose URL has ended and whose object never came. What did come is left to the reconcile job."""
        ended = 0
        for document in self._each(
            _light(Document.objects.promised().filter(verify_due_at=None).url_expired(URL_GRACE))
        ):
            if get_store().head(document.s3_key) is None:
                ended += 1 if self.dry_run else document.mark_failed("expired")
        return ended

    def remove_failed(self) -> int:
        removed = 0
        for document in self._each(_light(Document.objects.failed().older_than(self.older_than))):
            if not self.dry_run:
                still_failed = Document.objects.failed().older_than(self.older_than).filter(pk=document.pk)
                if not still_failed.delete()[0]:
                    continue
                get_store().delete(document.s3_key)
            removed += 1
        return removed

    def end_expired_sessions(self) -> int:
        ended = 0
        for session in self._each(UploadSession.objects.overdue()):
            if not self.dry_run:
                if not session.expire():
                    continue  # a chunk came in this moment
                session.chunks.all().delete()
                get_store().abort_multipart(session.key, session.multipart_upload_id)
                get_store().delete(session.tail_key)
            ended += 1
        return ended

    def remove_sessions(self) -> int:
        """Sessions that ended long ago, with their chunks. Documents stay, and the assessments of these."""
        over = UploadSession.objects.over(self.older_than)
        if self.dry_run:
            return over.count()
        batches = self._batches(over.only("pk"))
        return sum(UploadSession.objects.filter(pk__in=[row.pk for row in rows]).forget() for rows in batches)

    def remove_multiparts(self) -> int:
        store, removed, old = get_store(), 0, timezone.now() - self.older_than
        for upload in store.multiparts():
            held = Document.objects.promised().filter(multipart_upload_id=upload.upload_id, s3_url_expires_at__gt=old)
            in_session = UploadSession.objects.holding(upload.upload_id)
            if upload.started < old and not held.exists() and not in_session.exists():
                removed += 1
                if not self.dry_run:
                    store.abort_multipart(upload.key, upload.upload_id)
        return removed

    def remove_objects(self) -> int:
        old, removed = timezone.now() - self.older_than, 0
        candidates = (stored for stored in get_store().versions() if stored.modified < old)
        while batch := list(islice(candidates, self.batch)):
            removed += sum(self._remove_if_free(stored) for stored in batch)
        return removed

    def _remove_if_free(self, stored: StoredObject) -> bool:
        """An object is free when no row has its key, or when its row has pinned another version."""
        if is_resume_name(stored.key):
            return False  # whoever gave the name takes it away
        document = Document.objects.filter(s3_key=stored.key).only("upload_status", "s3_version", "s3_etag").first()
        if document is not None and not (document.is_stored and stored.version != document.s3_version):
            return False
        if document is None and UploadSession.objects.owning(stored.key).exists():
            return False
        if not self.dry_run:
            get_store().delete(stored.key, stored.version)
        return True

    def _each(self, found: QuerySet[Row]) -> Iterator[Row]:
        return chain.from_iterable(self._batches(found))

    def _batches(self, found: QuerySet[Row]) -> Iterator[list[Row]]:
        """By key: flat memory, and no row is met twice in a run."""
        last = None
        while True:
            page = found.order_by("pk") if last is None else found.order_by("pk").filter(pk__gt=last)
            rows = list(page[: self.batch])
            if not rows:
                return
            yield rows
            last = rows[-1].pk
