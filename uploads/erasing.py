"""Forgetting somebody outside of their own record: uploads, ledger, history, messages, logs, what the database sampled.

Whoever keeps the record gathers the `Traces`; every room hears `person_erased` and forgets what it holds of them.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial

from django.contrib.admin.models import LogEntry
from django.contrib.contenttypes.models import ContentType
from django.contrib.sessions.backends.db import SessionStore
from django.contrib.sessions.models import Session
from django.db import connection, transaction
from django.db.models import Model, Q
from django.db.models.functions import Now

from uploads import samples
from uploads.blackout import black_out
from uploads.errors import StoreUnavailable
from uploads.ledger import ErrorLog, RequestTrace
from uploads.models import Document, UploadSession
from uploads.signals import person_erased
from uploads.storage import get_store

SHORTEST = 5  # characters of a word that can stand for somebody


@dataclass
class Traces:
    """What tells of somebody. Held in memory only.

    `rows`: everything of theirs that the desk's history may name; `documents`: their files; `uploads`: ids of
    sessions that are theirs, whatever became of them; `names`: under which these
    came, where nobody else's came under them; `words`: whatever else stands for them alone; `marks`: how their lines
    in the daily logs can be told; `pieces`: single words of their name that nobody bears any more.
    """

    documents: list[Document] = field(default_factory=list)
    rows: list[Model] = field(default_factory=list)
    uploads: set[uuid.UUID] = field(default_factory=set)
    names: set[str] = field(default_factory=set)
    words: set[str] = field(default_factory=set)
    marks: set[str] = field(default_factory=set)
    pieces: set[str] = field(default_factory=set, compare=False)

    @property
    def hashes(self) -> list[str]:
        return [document.doc_hash_256 for document in self.documents]

    @property
    def all_words(self) -> set[str]:
        found = {word.strip() for word in (*self.words, *self.names, *self.hashes)}
        return {word for word in found if len(word) >= SHORTEST}

    def are_in(self, text: str) -> bool:
        text = text.casefold()
        return any(word.casefold() in text for word in self.all_words)


def forget(traces: Traces) -> None:
    """Removes the rows, inside of the transaction that erases the record and while the documents still stand."""
    person_erased.send(sender=Document, traces=traces)
    _forget_uploads(traces)
    _forget_history(traces)
    _forget_ledger(traces)
    _forget_messages(traces)


def scrub(traces: Traces) -> None:
    """What no transaction holds: lines of the daily logs, and copies that the database keeps of its rows."""
    black_out(traces.all_words, traces.marks)
    if connection.vendor == "postgresql":
        samples.forget({*traces.all_words, *traces.pieces})
    elif not connection.in_atomic_block:
        with connection.cursor() as cursor:
            cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)")


def _forget_uploads(traces: Traces) -> None:
    """Sessions that never became a document: their videos', and others under their names."""
    # What is being checked is soon a document, which will be known as one of somebody erased.
    named = Q(filename__in=traces.names) & ~Q(status=UploadSession.Status.VERIFYING)
    unwanted = UploadSession.objects.filter(named | Q(pk__in=traces.uploads), document=None)
    for session in unwanted:
        transaction.on_commit(partial(_free, session))
    UploadSession.objects.filter(pk__in=[session.pk for session in unwanted]).forget()


def _free(session: UploadSession) -> None:
    store = get_store()
    with suppress(StoreUnavailable):  # the cleanup removes what is left
        store.abort_multipart(session.key, session.multipart_upload_id)
        store.delete(session.tail_key)
        store.delete(session.key)


def _forget_history(traces: Traces) -> None:
    """The desk's history keeps that something was done, by whom and when, but not to whom."""
    about = Q(pk__in=[])
    for row in (*traces.rows, *traces.documents):
        about |= Q(content_type=ContentType.objects.get_for_model(row), object_id=str(row.pk))
    for word in _as_written(traces):
        about |= Q(object_repr__icontains=word) | Q(change_message__icontains=word)
    LogEntry.objects.filter(about).update(object_repr="erased", change_message="")


def _forget_ledger(traces: Traces) -> None:
    """The ledger's rows of their documents go, and error rows in which a word of theirs was caught."""
    ids = [document.pk for document in traces.documents]
    RequestTrace.objects.filter(document_id__in=ids).delete()
    caught = Q(document_id__in=ids)
    for word in _as_written(traces):
        caught |= Q(message__icontains=word) | Q(stack_trace__icontains=word)
    ErrorLog.objects.filter(caught).delete()


def _as_written(traces: Traces) -> Iterator[str]:
    """Each word as it is, and as JSON writes it."""
    for word in traces.all_words:
        yield from {word, json.dumps(word)[1:-1]}


def _forget_messages(traces: Traces) -> None:
    """A message that waits in somebody's session until their next page names whom it is about."""
    keeper = SessionStore()
    for session in Session.objects.filter(expire_date__gt=Now()):
        held = session.get_decoded()
        if "_messages" in held and traces.are_in(json.dumps(held["_messages"], ensure_ascii=False)):
            del held["_messages"]
            Session.objects.filter(pk=session.pk).update(session_data=keeper.encode(held))
