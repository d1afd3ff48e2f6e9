"""Bytes in their order, cut into the chunks of a session. What does not fill a chunk waits as its tail."""

from __future__ import annotations

import hashlib
import tempfile
import uuid
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from typing import IO, Any

from django.db import transaction

from uploads.chunked_body import read
from uploads.disk_links import on_disk
from uploads.errors import (
    Conflict,
    IncompleteBody,
    PartTaken,
    SessionCompleted,
    SessionNotFound,
    WrongChecksum,
    WrongOffset,
)
from uploads.keys import tail_key
from uploads.models import UploadSession
from uploads.storage import BLOCK_BYTES, blocks, get_store

IN_MEMORY = 2**20
BYTES = "application/octet-stream"
OTHER_CALL = "A later call appends to this upload. Ask where it stands."


class Appending:
    """One PATCH. Whoever begins last has the upload: a client that lost its connection goes on at once, and what is
    still on its way from before changes nothing any more.

    With a checksum nothing is recorded before all bytes are there and right.
    """

    def __init__(
        self, session: UploadSession, stream: IO[bytes], length: int, checksum: tuple[str, str] | None
    ) -> None:
        self.name = uuid.uuid4()
        self.session, self.stream, self.left = session, stream, length
        self.digest = hashlib.new(checksum[0], usedforsecurity=False) if checksum else None
        self.wanted = checksum[1] if checksum else ""
        self.to_record: list[Callable[[], object]] = []

    def run(self, offset: int) -> None:
        """Raises WrongOffset, WrongChecksum, or IncompleteBody; what had come before a break is kept."""
        self._begin(offset)
        index, tail_size = divmod(offset, self.session.chunk_size)
        while self.left:
            size = self.session.span(index)[1]
            if tail_size + self.left < size:
                self._keep_tail(index, tail_size)
                break
            self._write_chunk(index, tail_size, size)
            index, tail_size = index + 1, 0
        self._check()
        for record in self.to_record:
            record()

    # --- Turns --------------------------------------------------------------------------------------------------------

    def _begin(self, offset: int) -> None:
        with transaction.atomic():
            self.session = self._locked()
            if self.session.offset != offset:
                raise WrongOffset
            UploadSession.objects.filter(pk=self.session.pk).update(appender=self.name)

    def _locked(self) -> UploadSession:
        alive = UploadSession.objects.alive().select_for_update(no_key=True)
        session = alive.filter(pk=self.session.pk).first()
        if session is None:
            known = UploadSession.objects.known().filter(pk=self.session.pk)
            raise SessionCompleted if known.exists() else SessionNotFound
        return session

    @contextmanager
    def _turn(self) -> Iterator[None]:
        """Nobody else moves the upload meanwhile. Raises WrongOffset when a later call has begun."""
        with transaction.atomic():
            if self._locked().appender != self.name:
                raise WrongOffset(OTHER_CALL)
            yield

    # --- Chunks -------------------------------------------------------------------------------------------------------

    def _write_chunk(self, index: int, tail_size: int, size: int) -> None:
        with self._turn():
            writer = self.session.begin_chunk(index)
        if writer is None:
            raise SessionNotFound
        with tempfile.SpooledTemporaryFile(max_size=IN_MEMORY) as copy:
            try:
                etag = self._write(index, tail_size, size, copy)
            except IncompleteBody:
                if not self.digest:
                    self._store_tail(index, copy)
                raise
            except PartTaken:
                raise WrongOffset(OTHER_CALL) from None
        self._record(lambda: self._record_chunk(index, writer, size, etag))

    def _write(self, index: int, tail_size: int, size: int, copy: IO[bytes]) -> str:
        session, start = self.session, self.session.span(index)[0]
        stream = _copied(self._tail_and_body(index, tail_size, size), copy)
        upload_id = session.multipart_upload_id
        return get_store().write_part(session.key, upload_id, index + 1, start=start, size=size, stream=stream)

    def _record_chunk(self, index: int, writer: uuid.UUID, size: int, etag: str) -> None:
        with self._turn():
            if not self.session.record_chunk(index, writer, size=size, etag=etag):
                raise WrongOffset(OTHER_CALL)
            if self.session.tail_size:
                self._set_tail(tail_index=None, tail_size=0)
        self._drop_old_tail()

    # --- The tail -----------------------------------------------------------------------------------------------------

    def _keep_tail(self, index: int, tail_size: int) -> None:
        with tempfile.SpooledTemporaryFile(max_size=IN_MEMORY) as tail:
            try:
                for _ in _copied(self._tail_and_body(index, tail_size, tail_size + self.left), tail):
                    pass
            except IncompleteBody:
                if not self.digest:
                    self._store_tail(index, tail)
                raise
            self._check()
            self._store_tail(index, tail)

    def _store_tail(self, index: int, tail: IO[bytes]) -> None:
        size = tail.tell()
        if not size:
            return
        tail.seek(0)
        sha256 = hashlib.file_digest(tail, "sha256").hexdigest()  # type: ignore[arg-type]  # a spooled file is one
        get_store().put(self._own_tail_key, tail, sha256=sha256, content_type=BYTES)
        self._record(lambda: self._mark_tail(index, size))

    def _mark_tail(self, index: int, size: int) -> None:
        try:
            with self._turn():
                self._set_tail(tail_index=index, tail_size=size, tail_writer=self.name)
        except (Conflict, SessionNotFound):
            get_store().delete(self._own_tail_key)
            raise
        self._drop_old_tail()

    @property
    def _own_tail_key(self) -> str:
        return tail_key(self.session.key, self.name)

    def _set_tail(self, **columns: Any) -> None:
        UploadSession.objects.filter(pk=self.session.pk).update(**columns)

    def _drop_old_tail(self) -> None:
        """Its bytes stand in a chunk, or in a longer tail."""
        if self.session.tail_size:
            get_store().delete(self.session.tail_key)
            self.session.tail_size = 0

    def _tail(self) -> Iterator[bytes]:
        stored = get_store().head(self.session.tail_key)
        if stored is None or stored.size != self.session.tail_size:
            with self._turn():  # the store has lost it: back to the last whole chunk
                self._set_tail(tail_index=None, tail_size=0)
            raise WrongOffset
        with closing(get_store().open(stored)) as stream:
            yield from blocks(stream)

    # --- The body -----------------------------------------------------------------------------------------------------

    def _tail_and_body(self, index: int, tail_size: int, size: int) -> Iterator[bytes]:
        """`size` bytes of chunk `index`: what was kept of it, then what comes now."""
        if tail_size:
            yield from self._tail()
        left = size - tail_size
        while left:
            block = read(self.stream, min(BLOCK_BYTES, left))
            if not block:
                raise IncompleteBody
            left, self.left = left - len(block), self.left - len(block)
            if self.digest:
                self.digest.update(block)
            yield block

    def _check(self) -> None:
        if self.digest and self.digest.hexdigest() != self.wanted:
            raise WrongChecksum

    def _record(self, record: Callable[[], object]) -> None:
        if self.digest:
            self.to_record.append(record)
        else:
            record()


def _copied(stream: Iterator[bytes], copy: IO[bytes]) -> Iterator[bytes]:
    for block in stream:
        with on_disk():
            copy.write(block)
        yield block
