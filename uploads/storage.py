"""The one store of files: S3 or the disk behind one face.

Both keep every version of an object: a later PUT never changes what was verified, because later reads ask for the
version (S3 without versioning: the ETag) that was seen then. Absent is absent (`None`, `ObjectMissing`); every other
trouble is an error (`StoreUnavailable`, `StoreFull`).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import IO, Protocol

from django.conf import settings

BLOCK_BYTES = 256 * 1024
Block = bytes | memoryview  # a view may be of a buffer that is used again: to be dealt with before the next one


@dataclass(frozen=True)
class StoredObject:
    """One version of an object. `sha256`: what the store itself recorded for these bytes, hex, or None."""

    key: str
    size: int
    version: str
    etag: str
    modified: datetime
    sha256: str | None = None
    is_latest: bool = True


@dataclass(frozen=True)
class Part:
    number: int  # from 1
    size: int
    etag: str


@dataclass(frozen=True)
class OpenMultipart:
    key: str
    upload_id: str
    started: datetime


class Store(Protocol):
    """What the rest of the house may ask of the store. Sizes are bytes, hashes lower-case hex."""

    def presign_put(
        self, key: str, *, size: int, expires_in: int, content_type: str | None = None, sha256: str | None = None
    ) -> tuple[str, dict[str, str]]:
        """A URL for one PUT of exactly `size` bytes, and the headers that must go with it. Asks nobody."""

    def create_multipart(self, key: str) -> str: ...

    def presign_part(self, key: str, upload_id: str, number: int, *, start: int, size: int, expires_in: int) -> str:
        """A URL for part `number` (from 1), which holds `size` bytes from offset `start`."""

    def write_part(
        self, key: str, upload_id: str, number: int, *, start: int, size: int, stream: Iterator[Block]
    ) -> str:
        """Takes part `number` (from 1) in, straight to its place; durable when it returns. Returns the store's ETag.

        When the stream raises, the part has not arrived. Raises ObjectMissing when there is no such upload, PartTaken
        when a later call writes the same part.
        """

    def list_parts(self, key: str, upload_id: str) -> list[Part] | None:
        """The parts that arrived, by number, or None when there is no such upload (any more)."""

    def complete_multipart(self, key: str, upload_id: str, parts: list[Part]) -> None: ...

    def abort_multipart(self, key: str, upload_id: str) -> None:
        """Frees what was sent. No error when there is no such upload; an empty id is one that never began."""

    def multiparts(self) -> Iterator[OpenMultipart]: ...

    def head(self, key: str, version: str = "") -> StoredObject | None:
        """The newest version, or the one asked for."""

    def fetch(self, key: str) -> tuple[StoredObject, IO[bytes]] | None:
        """The newest version and a stream of its bytes, in one call."""

    def open(self, stored: StoredObject, start: int = 0, length: int | None = None) -> IO[bytes]:
        """A stream of exactly that version, from `start`. Raises ObjectMissing."""

    def local_path(self, stored: StoredObject) -> Path | None:
        """Where exactly that version lies as a file of this machine, to be read; None where it is no file."""

    def put(self, key: str, file: IO[bytes], *, sha256: str, content_type: str) -> StoredObject: ...

    def delete(self, key: str, version: str = "") -> None:
        """Deletes one version, or with none named all of them. Deleting what is not there is no error."""

    def versions(self, prefix: str = "") -> Iterator[StoredObject]:
        """Every version of every object."""

    def link(self, stored: StoredObject, name: str) -> str:
        """Gives that version a second name, atomically, in place of what bore it: a hard link below the data folder on
        disk, a server-side copy on S3. Returns where it lies (path or key). Raises ObjectMissing."""

    def is_linked(self, stored: StoredObject, name: str) -> bool:
        """Whether `name` stands for exactly that version."""

    def linked(self, name: str) -> StoredObject | None:
        """What bears that name; its key is where it lies, as `link` answers it."""

    def unlink(self, name: str) -> bool:
        """Takes the name away, with all versions of a copy. False when nothing bore it."""

    def links(self, folder: str) -> Iterator[str]:
        """The names in that folder."""

    def check(self) -> None:
        """Raises StoreUnavailable when the store does not answer."""

    def sweep_temporary(self, older_than_seconds: int) -> int:
        """Removes what broken writes left behind; returns how many."""


def blocks(stream: IO[bytes]) -> Iterator[bytes]:
    while block := stream.read(BLOCK_BYTES):
        yield block


@cache
def get_store() -> Store:
    """The store that the settings name."""
    if settings.S3_BUCKET:
        from uploads.s3 import S3Store

        return S3Store()
    from uploads.disk import DiskStore

    return DiskStore(settings.ATS_DATA_DIR / "objects", settings.PUBLIC_URL)
