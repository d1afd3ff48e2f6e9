"""Questions to the documents, and the verbs that move many rows or make one."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.db import models, transaction
from django.db.models import F, Q
from django.db.models.functions import Now

from uploads.errors import SizeConflict
from uploads.filetypes import FileType
from uploads.kept import KEPT, keep_sql
from uploads.promise import COLUMNS, promise_sql
from uploads.sql import fetch_one, fetch_one_and, revive, term
from uploads.states import (
    GAVE_UP,
    LEASE,
    MAX_ATTEMPTS,
    SCAN,
    UNPROVEN,
    ParseStatus,
    Promised,
    UploadStatus,
    failed_columns,
    unreadable_columns,
)
from uploads.storage import StoredObject

if TYPE_CHECKING:
    from uploads.models import Document


_BY_HASH = f"SELECT {', '.join(COLUMNS)} FROM documents WHERE doc_hash_256 = %(sha256)s"  # noqa: S608 (our columns)


class DocumentQuerySet(models.QuerySet["Document"]):
    # --- Questions --------------------------------------------------------------------------------------------------

    def stored(self) -> DocumentQuerySet:
        return self.filter(upload_status=UploadStatus.COMPLETE)

    def promised(self) -> DocumentQuerySet:
        return self.filter(upload_status__in=UNPROVEN)

    def failed(self) -> DocumentQuerySet:
        return self.filter(upload_status=UploadStatus.FAILED)

    def url_expired(self, ago: timedelta = timedelta()) -> DocumentQuerySet:
        return self.filter(s3_url_expires_at__lt=Now() - ago)

    def asked_before(self, ago: timedelta) -> DocumentQuerySet:
        return self.filter(s3_url_generated_at__lt=Now() - ago)

    def older_than(self, age: timedelta) -> DocumentQuerySet:
        return self.filter(updated_at__lt=Now() - age)

    def waiting_for_reader(self) -> DocumentQuerySet:
        """Nobody has taken these up in time: a lost message, a dead worker, or a pause that is over."""
        waiting = [ParseStatus.PENDING, ParseStatus.RUNNING]
        return self.filter(parse_status__in=waiting, parse_due_at__lte=Now())

    def scans(self) -> DocumentQuerySet:
        """Waiting for the slow reader of pictures."""
        return self.filter(parse_status=ParseStatus.PENDING, parse_code=SCAN)

    def without_text(self) -> DocumentQuerySet:
        """Scans that nothing here could read when they came."""
        return self.filter(parse_status=ParseStatus.FAILED, parse_code="no_text")

    def waiting_for_proof(self) -> DocumentQuerySet:
        return self.promised().filter(verify_due_at__lte=Now())

    def to_look_at(self) -> DocumentQuerySet:
        """What came to no candidate, and no recruiter has said yet that they have seen it."""
        failed = Q(parse_status=ParseStatus.FAILED) | Q(upload_status=UploadStatus.FAILED)
        return self.filter(failed, looked_at=None)

    def light(self) -> DocumentQuerySet:
        """Without the columns that hold what was read: up to a million characters a row."""
        return self.defer("text", "parsed")

    def mark_looked_at(self) -> int:
        return self.to_look_at().update(looked_at=Now(), updated_at=Now())

    def by_hash(self, sha256: str) -> Document | None:
        """With the columns that a door needs."""
        row = fetch_one(_BY_HASH, {"sha256": sha256})
        return self._made_of(row) if row else None

    def _made_of(self, row: Sequence[Any], columns: Sequence[str] = COLUMNS) -> Document:
        """Of these columns, as a cursor gives them. The first is `doc_id`."""
        return self.model.from_db(self.db, columns, [uuid.UUID(str(row[0])), *map(revive, row[1:])])

    # --- The two ways in --------------------------------------------------------------------------------------------

    def promise(
        self,
        *,
        sha256: str,
        name: str,
        size: int,
        file_type: FileType,
        key: str,
        extend: bool = False,
        then: str = "",
        **more: Any,
    ) -> tuple[Document, Promised]:
        """The client will PUT these bytes itself. One statement, whoever else asks at the same moment.

        `then` is a statement that belongs to the promise: it reads the row as `met`, and `more` are its parameters.
        Raises SizeConflict when the row holds another size that may not be replaced now.
        """
        doc_id = uuid.uuid4()
        params = {
            **more,
            "doc_id": doc_id,
            "sha256": sha256,
            "name": name,
            "size": size,
            "type": file_type.mime,
            "key": key,
            "extend": extend,
            **term(settings.PRESIGN_TTL),
        }
        row = fetch_one_and(promise_sql(), COLUMNS, then, params) if then else fetch_one(promise_sql(), params)
        assert row is not None  # the statement inserts or updates
        *values, was_renewed = row
        document = self._made_of(values)
        if document.file_size_bytes != size:
            raise SizeConflict
        if document.doc_id == doc_id:
            return document, Promised.NEW
        if document.is_stored:
            return document, Promised.STORED
        return document, Promised.RENEWED if was_renewed else Promised.VALID

    def keep(self, *, sha256: str, name: str, file_type: FileType, stored: StoredObject) -> tuple[Document, bool]:
        """We hold these bytes in the store and have hashed them. Returns the document, which stays locked until the
        transaction ends, and whether it was unproven.

        When the document was stored before, it keeps its object; the caller removes the spare one.
        """
        params = {
            "doc_id": uuid.uuid4(),
            "sha256": sha256,
            "name": name,
            "size": stored.size,
            "type": file_type.mime,
            "key": stored.key,
            "version": stored.version,
            "etag": stored.etag,
            "to_be_read": not file_type.is_video,
            **term(LEASE.seconds),
        }
        with transaction.atomic(savepoint=False):
            row = fetch_one(keep_sql(), params)
            if row is None:
                return self.get(doc_hash_256=sha256), False
            document = self._made_of(row, KEPT)
            document.ring()
        return document, True

    # --- Claims: attempts are counted before the work starts, and a lease ends by itself ------------------------------

    def claim_for_parsing(self, doc_id: uuid.UUID | str, *, scan: bool = False) -> Document | None:
        """Takes one document up, or returns None: it is gone, taken, done, or has used up its attempts.

        `scan` takes those that wait for the slow reader of pictures, and only those.
        """
        lease = uuid.uuid4()
        waiting = self.filter(pk=doc_id, parse_status=ParseStatus.PENDING, parse_attempts__lt=MAX_ATTEMPTS)
        claimed = (waiting.filter(parse_code=SCAN) if scan else waiting.exclude(parse_code=SCAN)).update(
            parse_status=ParseStatus.RUNNING,
            parse_lease=lease,
            parse_due_at=Now() + LEASE,
            parse_attempts=F("parse_attempts") + 1,
        )
        return self.filter(pk=doc_id, parse_lease=lease).first() if claimed else None

    def claim_for_verifying(self, doc_id: uuid.UUID | str) -> Document | None:
        lease = uuid.uuid4()
        claimed = (
            self.promised()
            .filter(pk=doc_id, verify_due_at__isnull=False, verify_attempts__lt=MAX_ATTEMPTS)
            .filter(Q(verify_lease=None) | Q(verify_due_at__lte=Now()))
            .update(verify_lease=lease, verify_due_at=Now() + LEASE, verify_attempts=F("verify_attempts") + 1)
        )
        return self.filter(pk=doc_id, verify_lease=lease).first() if claimed else None

    def take_back_readings(self, limit: int) -> list[uuid.UUID]:
        """Ends leases that ran out and puts off the next look; returns what should be queued again."""
        ids = list(self.waiting_for_reader().order_by("parse_due_at").values_list("pk", flat=True)[:limit])
        due = self.waiting_for_reader().filter(pk__in=ids)
        due.filter(parse_attempts__gte=MAX_ATTEMPTS).update(**unreadable_columns("crashed", GAVE_UP))
        due.update(parse_status=ParseStatus.PENDING, parse_lease=None, parse_due_at=Now() + LEASE)
        return ids

    def take_back_proofs(self, limit: int) -> list[uuid.UUID]:
        ids = list(self.waiting_for_proof().order_by("verify_due_at").values_list("pk", flat=True)[:limit])
        due = self.waiting_for_proof().filter(pk__in=ids)
        due.filter(verify_attempts__gte=MAX_ATTEMPTS).update(**failed_columns("verification_crashed"))
        due.update(verify_lease=None, verify_due_at=Now() + LEASE)
        return ids
