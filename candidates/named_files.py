"""`{RESUME_STORAGE_DIR}/{candidate_id}.pdf`: a second name for the current CV of each candidate, when it is a PDF.

The row says that a name is due, in the transaction that changes the current version; the name is given after commit,
and a sweep gives what a crash or a store that was away left undone.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from pathlib import PurePath

from django.conf import settings
from django.db import transaction

from candidates.models import Candidate, ResumeVersion
from uploads.audit import Finding
from uploads.errors import ObjectMissing, StoreFull, StoreUnavailable
from uploads.keys import is_resume_name, resume_name
from uploads.models import Document
from uploads.sql import fetch_one
from uploads.storage import get_store

logger = logging.getLogger(__name__)
BATCH = 500


def place_after_commit(candidate_id: int) -> None:
    transaction.on_commit(lambda: place(candidate_id))


def place(candidate_id: int) -> bool:
    """Gives or takes the name, as the rows say. False when the store is away: the sweep tries again."""
    try:
        while True:
            version = newest(candidate_id)
            _name(candidate_id, version.document if version else None)
            if _is_placed(candidate_id, version):
                return True
    except (StoreUnavailable, StoreFull, ObjectMissing) as error:
        logger.warning("The file of candidate %s is not in place: %s", candidate_id, type(error).__name__)
        return False


# By hand: it is asked with every CV that comes in.
_PLACED = """
UPDATE candidates SET resume_file_due = false
WHERE id = %(candidate)s AND resume_file_due AND COALESCE(
    (SELECT id FROM resume_versions WHERE candidate_id = %(candidate)s ORDER BY current_since DESC, id DESC LIMIT 1), 0
) = %(version)s
RETURNING id
"""


def _is_placed(candidate_id: int, version: ResumeVersion | None) -> bool:
    """Says so in the row, unless another version came meanwhile."""
    said = fetch_one(_PLACED, {"candidate": candidate_id, "version": version.pk if version else 0})
    return said is not None or newest(candidate_id) == version  # or it was said before


def newest(candidate_id: int) -> ResumeVersion | None:
    return ResumeVersion.light().filter(candidate=candidate_id).first()


def _name(candidate_id: int, document: Document | None) -> None:
    store, name = get_store(), resume_name(candidate_id)
    if document is None or not is_pdf(document):
        store.unlink(name)
    elif not store.is_linked(document.pinned, name):
        store.link(document.pinned, name)


def is_pdf(document: Document) -> bool:
    return document.file_type.extension == "pdf"


def place_due() -> int:
    """The sweep: what is due, by key, so that one file that fails holds up no other."""
    placed, last = 0, 0
    while True:
        due = Candidate.everyone.filter(resume_file_due=True, pk__gt=last).order_by("pk")
        ids = list(due.values_list("pk", flat=True)[:BATCH])
        if not ids:
            return placed
        placed += sum(map(place, ids))
        last = ids[-1]


def audit_names() -> Iterator[Finding]:
    """Names that stand for another version than the rows say, or for nobody."""
    store = get_store()
    settled = ResumeVersion.light().filter(candidate__resume_file_due=False)
    seen = None
    for version in settled.order_by("candidate", "-current_since", "-pk"):
        if version.candidate_id == seen:
            continue
        seen, name = version.candidate_id, resume_name(version.candidate_id)
        if is_pdf(version.document) and not store.is_linked(version.document.pinned, name):
            yield Finding("name_wrong", "A candidate's file is not their current CV.", name, version.document_id)
    for name in strangers():
        yield Finding("name_without_row", "A candidate's file belongs to no candidate.", name)


def strangers() -> Iterator[str]:
    """Names of candidates that are not there (any more)."""
    for name in get_store().links(settings.RESUME_STORAGE_DIR):
        if is_resume_name(name) and not Candidate.objects.filter(pk=int(PurePath(name).stem)).exists():
            yield name


def remove_strangers(dry_run: bool) -> int:
    names = list(strangers())
    if not dry_run:
        for name in names:
            get_store().unlink(name)
    return len(names)
