"""Reading a stored CV in the background: claim, fetch, read in a child, record, fill a candidate."""

from __future__ import annotations

import hashlib
import logging
import tempfile
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import timedelta
from functools import cache
from pathlib import Path

from celery import shared_task
from django.conf import settings
from django.core.cache import cache as shared_cache
from django.db import OperationalError, connection, transaction

from candidates.models import Candidate
from parsing import PARSER_VERSION, Reading, Unreadable, ocr
from parsing.sandbox import read_safely
from parsing.service import ExternalReader, Options
from uploads import ledger
from uploads.bell import nudge
from uploads.errors import HashMismatch, ObjectMissing, StoreUnavailable
from uploads.models import Document
from uploads.storage import blocks, get_store

logger = logging.getLogger(__name__)
RENEW_EVERY = 5.0  # seconds; a lease is 20
PAUSE = timedelta(seconds=15)  # before trying again what the store could not give
BATCH = 100
NO_CV = "Nothing in this file reads like a CV."


@shared_task
def parse_document(doc_id: str) -> None:
    _parse(doc_id, scan=False)


# Reading pictures takes minutes: a queue of its own, and limits of its own.
@shared_task(soft_time_limit=200, time_limit=240)
def parse_scan(doc_id: str) -> None:
    _parse(doc_id, scan=True)


def _parse(doc_id: str, *, scan: bool) -> None:
    document = Document.objects.claim_for_parsing(doc_id, scan=scan)
    if document is None:
        return
    ledger.begin(ledger.Trace(operation="parse_document", document_id=document.pk))
    try:
        with lease(document):
            read(document, scan=scan)
    except (StoreUnavailable, OperationalError) as error:
        logger.warning("The reading of %s waits: %s", document.pk, type(error).__name__)
        document.put_off_parsing(PAUSE)


def read(document: Document, *, scan: bool = False) -> None:
    """Reads a claimed document and records what came of it."""
    try:
        with fetched(document) as path:
            reading = read_safely(path, document.original_filename, ocr=scan)
    except Unreadable as unreadable:
        _not_read(document, unreadable, scan)
    except (ObjectMissing, HashMismatch) as fault:
        _record_unreadable(document, fault.default_code, "The stored file is not the one that was verified.")
    else:
        reader = external_reader()
        _record(document, reader.improve(reading) if reader else reading)


def _not_read(document: Document, unreadable: Unreadable, scan: bool) -> None:
    if unreadable.code != "no_text":
        _record_unreadable(document, unreadable.code, unreadable.reason)
    elif scan:
        _record_unreadable(document, "empty_scan", "Nothing could be read in this scan or picture.")
    elif ocr.available() and document.wait_for_ocr():
        nudge(parse_scan, str(document.pk))
    else:
        _record_unreadable(document, unreadable.code, unreadable.reason)


@cache
def external_reader() -> ExternalReader | None:
    """The service that the settings name, with its budget and breaker in the shared cache."""
    if not settings.EXTERNAL_READER_URL:
        return None
    options = Options(
        url=settings.EXTERNAL_READER_URL,
        model=settings.EXTERNAL_READER_MODEL,
        key=settings.EXTERNAL_READER_KEY,
        timeout=settings.EXTERNAL_READER_TIMEOUT,
        attempts=2,  # within the limits of a task
        daily_calls=settings.EXTERNAL_READER_DAILY_CALLS,
        keep_answers=600.0,  # seconds: what a person erases must not outlive them in the cache for long
    )
    return ExternalReader(options, shared_cache)


def _record(document: Document, reading: Reading) -> None:
    if not reading.fields["meta"]["is_cv"]:
        _record_unreadable(document, "not_a_cv", _why_no_cv(reading.fields["meta"]["reasons"]))
        return
    with transaction.atomic():
        if document.mark_parsed(reading.fields, reading.text, PARSER_VERSION):
            Candidate.objects.take_in(document, reading.fields)


def _why_no_cv(reasons: list[str]) -> str:
    """A sentence from what speaks against it: `-0.40 uses the words of an invoice`."""
    against = [reason.partition(" ")[2] for reason in reasons if reason.startswith("-")]
    return f"This does not look like a CV: it {'; it '.join(against)}."[:500] if against else NO_CV


def _record_unreadable(document: Document, code: str, reason: str) -> None:
    if document.mark_unreadable(code, reason, PARSER_VERSION):
        ledger.record_failure("parse_document", code.upper(), reason, document.pk)


@contextmanager
def fetched(document: Document) -> Iterator[Path]:
    """The pinned bytes in a temporary file, hashed on the way: never a partial text, never other bytes."""
    with tempfile.TemporaryDirectory(prefix="ats-reading-") as folder:
        path = Path(folder) / f"cv.{document.file_type.extension}"
        digest = hashlib.sha256()
        with closing(get_store().open(document.pinned)) as stream, path.open("xb") as file:
            for block in blocks(stream):
                digest.update(block)
                file.write(block)
        if digest.hexdigest() != document.doc_hash_256:
            raise HashMismatch
        yield path


@contextmanager
def lease(document: Document) -> Iterator[None]:
    """Renews the claim while the work goes on; a worker that dies stops renewing."""
    done = threading.Event()

    def renew() -> None:
        while not done.wait(RENEW_EVERY):
            try:
                document.renew_parse_lease()
            except OperationalError:
                logger.warning("The lease of %s could not be renewed.", document.pk)
        connection.close()

    thread = threading.Thread(target=renew, name="lease", daemon=True)
    thread.start()
    try:
        yield
    finally:
        done.set()
        thread.join()


@shared_task
def sweep_readings() -> int:
    """Queues again what a dead worker, a lost message or a missing bell left unread."""
    ids = Document.objects.take_back_readings(BATCH)
    scans = set(Document.objects.scans().filter(pk__in=ids).values_list("pk", flat=True))
    for doc_id in ids:
        nudge(parse_scan if doc_id in scans else parse_document, str(doc_id))
    return len(ids)


@shared_task
def sweep_scans() -> int:
    """Takes up the scans that came before pictures could be read here."""
    if not ocr.available():
        return 0
    taken = [document for document in Document.objects.without_text().light()[:BATCH] if document.wait_for_ocr()]
    for document in taken:
        nudge(parse_scan, str(document.pk))
    return len(taken)
