"""The store on the disk, with the promises of S3.

An object is a folder named by its key; each version is one file in it, `<nanoseconds>-<sha256>`, written to
`.incoming`, synced, renamed into place and never changed. Presigned URLs lead to `uploads.disk_views`.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import os
import secrets
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import IO
from urllib.parse import quote, urlencode

from django.core.exceptions import SuspiciousFileOperation
from django.utils._os import safe_join
from django.utils.crypto import salted_hmac

from uploads.disk_links import DiskLinks
from uploads.disk_links import on_disk as _on_disk
from uploads.disk_parts import DATA, parts_in, write_part
from uploads.errors import ObjectMissing, StoreUnavailable
from uploads.storage import Block, OpenMultipart, Part, StoredObject, blocks

INCOMING, MULTIPART = ".incoming", ".multipart"


def signature(fields: dict[str, str]) -> str:
    """Over names and values so written that no value can pass for another field."""
    return salted_hmac("uploads.disk", urlencode(sorted(fields.items())), algorithm="sha256").hexdigest()


def is_signed(fields: dict[str, str], given: str) -> bool:
    return hmac.compare_digest(signature(fields).encode(), given.encode())


class DiskStore(DiskLinks):
    """`uploads.storage.Store` on a local disk, for one machine."""

    def __init__(self, root: Path, public_url: str) -> None:
        self.root = root
        self.public_url = public_url
        with _on_disk():
            root.mkdir(parents=True, exist_ok=True)

    # --- URLs -------------------------------------------------------------------------------------------------------

    def _url(self, key: str, expires_in: int, **fields: str) -> str:
        signed = {**fields, "key": key, "expires": str(int(time.time()) + max(1, expires_in))}
        query = {name: value for name, value in signed.items() if name != "key"}
        return f"{self.public_url}/store/{quote(key)}?{urlencode({**query, 'signature': signature(signed)})}"

    def presign_put(
        self, key: str, *, size: int, expires_in: int, content_type: str | None = None, sha256: str | None = None
    ) -> tuple[str, dict[str, str]]:
        fields, headers = {"length": str(size)}, {}
        if content_type:
            fields["type"] = headers["Content-Type"] = content_type
        if sha256:
            fields["sha256"] = sha256
            headers["x-amz-checksum-sha256"] = base64.b64encode(bytes.fromhex(sha256)).decode()
        return self._url(key, expires_in, **fields), headers

    def presign_part(self, key: str, upload_id: str, number: int, *, start: int, size: int, expires_in: int) -> str:
        place = {"upload": upload_id, "part": str(number), "start": str(start)}
        return self._url(key, expires_in, length=str(size), **place)

    # --- Writing ----------------------------------------------------------------------------------------------------

    def receive(self, key: str, stream: Iterator[bytes], expected_sha256: str | None = None) -> StoredObject | None:
        """Takes a version in: streamed, hashed, synced, renamed. None when the bytes are not the expected ones."""
        with _on_disk(), self._incoming() as temporary:
            sha256 = _write(temporary, stream)
            if expected_sha256 and sha256 != expected_sha256:
                return None
            return self._place(key, temporary, sha256)

    def put(self, key: str, file: IO[bytes], *, sha256: str, content_type: str) -> StoredObject:
        file.seek(0)
        stored = self.receive(key, blocks(file), sha256)
        if stored is None:
            raise StoreUnavailable("The file changed while it was being stored.")
        return stored

    def _place(self, key: str, temporary: Path, sha256: str) -> StoredObject:
        version = f"{time.time_ns():020d}-{sha256}"
        folder = self._folder(key)
        for _ in range(3):  # a sweep may remove the empty folder between the two calls
            folder.mkdir(parents=True, exist_ok=True)
            with suppress(FileNotFoundError):
                temporary.replace(folder / version)
                break
        for made in (folder, folder.parent):
            _sync_folder(made)
        return _stored(key, folder / version)

    @contextmanager
    def _incoming(self) -> Iterator[Path]:
        folder = self.root / INCOMING
        folder.mkdir(parents=True, exist_ok=True)
        path = folder / secrets.token_hex(16)
        try:
            yield path
        finally:
            path.unlink(missing_ok=True)

    # --- Multipart: see `uploads.disk_parts` ------------------------------------------------------------------------

    def create_multipart(self, key: str) -> str:
        upload_id = secrets.token_hex(16)
        with _on_disk():
            folder = self._upload(upload_id)
            folder.mkdir(parents=True)
            (folder / DATA).touch()
            (folder / "key").write_text(key)
            _sync_folder(folder)
            _sync_folder(folder.parent)
        return upload_id

    def write_part(
        self, key: str, upload_id: str, number: int, *, start: int, size: int, stream: Iterator[Block]
    ) -> str:
        try:
            with _on_disk():
                write_part(self._upload(upload_id), number, start, stream)
        except ObjectMissing:
            self._must_be_there()
            raise
        return ""

    def list_parts(self, key: str, upload_id: str) -> list[Part] | None:
        folder = self._upload(upload_id)
        if not folder.is_dir():
            return None
        with _on_disk():
            return parts_in(folder)

    def complete_multipart(self, key: str, upload_id: str, parts: list[Part]) -> None:
        folder = self._upload(upload_id)
        try:
            with _on_disk():
                # The hash of the whole is not known here: whoever verifies reads the bytes.
                self._place(key, folder / DATA, "")
                shutil.rmtree(folder, ignore_errors=True)
        except StoreUnavailable as error:
            if isinstance(error.__cause__, FileNotFoundError):
                raise ObjectMissing from error
            raise

    def abort_multipart(self, key: str, upload_id: str) -> None:
        if not upload_id:
            return
        shutil.rmtree(self._upload(upload_id), ignore_errors=True)

    def multiparts(self) -> Iterator[OpenMultipart]:
        for folder in (self.root / MULTIPART).glob("*"):
            with suppress(FileNotFoundError):
                yield OpenMultipart((folder / "key").read_text(), folder.name, _modified(folder / DATA))

    def _upload(self, upload_id: str) -> Path:
        return self.root / MULTIPART / f"{int(upload_id, 16):032x}"

    # --- Reading ----------------------------------------------------------------------------------------------------

    def head(self, key: str, version: str = "") -> StoredObject | None:
        folder = self._folder(key)
        with _on_disk():
            try:
                name = version or max((path.name for path in folder.iterdir() if path.is_file()), default="")
                return _stored(key, folder / name) if name else None
            except (FileNotFoundError, NotADirectoryError):
                self._must_be_there()
                return None

    def _must_be_there(self) -> None:
        """A disk that is not mounted is away; its files are not absent."""
        if not self.root.is_dir():
            raise StoreUnavailable

    def fetch(self, key: str) -> tuple[StoredObject, IO[bytes]] | None:
        stored = self.head(key)
        return None if stored is None else (stored, self.open(stored))

    def open(self, stored: StoredObject, start: int = 0, length: int | None = None) -> IO[bytes]:
        try:
            file = (self._folder(stored.key) / stored.version).open("rb")
        except (FileNotFoundError, IsADirectoryError, NotADirectoryError) as error:
            self._must_be_there()
            raise ObjectMissing from error
        except OSError as error:
            raise StoreUnavailable from error
        file.seek(start)
        return file if length is None else _Slice(file, length)  # type: ignore[return-value]

    def local_path(self, stored: StoredObject) -> Path | None:
        self.open(stored).close()
        return self._folder(stored.key) / stored.version

    def versions(self, prefix: str = "") -> Iterator[StoredObject]:
        for folder, names, files in os.walk(self.root / prefix.rpartition("/")[0]):
            names[:] = [name for name in names if not name.startswith(".")]
            key = Path(folder).relative_to(self.root).as_posix()
            if not files or not key.startswith(prefix):
                continue
            for name in sorted(files):
                with suppress(FileNotFoundError):
                    yield _stored(key, Path(folder) / name, is_latest=name == max(files))

    # --- Removing ---------------------------------------------------------------------------------------------------

    def delete(self, key: str, version: str = "") -> None:
        folder = self._folder(key)
        with _on_disk():
            for path in [folder / version] if version else list(folder.glob("*")):
                path.unlink(missing_ok=True)
            with suppress(OSError):  # others may still lie there, or be on their way
                for empty in [folder, *folder.parents]:
                    if empty == self.root:
                        break
                    empty.rmdir()

    def sweep_temporary(self, older_than_seconds: int) -> int:
        count = 0
        for path in (self.root / INCOMING).glob("*"):
            with suppress(FileNotFoundError):
                if time.time() - path.stat().st_mtime > older_than_seconds:
                    path.unlink()
                    count += 1
        return count

    def check(self) -> None:
        with _on_disk(), self._incoming() as probe:
            probe.write_bytes(b"")

    def _folder(self, key: str) -> Path:
        try:
            folder = Path(safe_join(self.root, key))
        except SuspiciousFileOperation as error:
            raise ObjectMissing from error
        if folder == self.root or any(part.startswith(".") for part in folder.relative_to(self.root).parts):
            raise ObjectMissing
        return folder


class _Slice:
    """The first `length` bytes of what is left of a file."""

    def __init__(self, file: IO[bytes], length: int) -> None:
        self.file, self.left = file, length

    def read(self, size: int | None = None) -> bytes:
        wanted = self.left if size is None or size < 0 else min(size, self.left)
        block = self.file.read(wanted)
        self.left -= len(block)
        return block

    def close(self) -> None:
        self.file.close()

    def __enter__(self) -> _Slice:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def _write(path: Path, stream: Iterator[bytes]) -> str:
    digest = hashlib.sha256()
    with open(path, "xb") as file:
        for block in stream:
            digest.update(block)
            file.write(block)
        file.flush()
        os.fsync(file.fileno())
    return digest.hexdigest()


def _sync_folder(folder: Path) -> None:
    if not hasattr(os, "O_DIRECTORY"):
        return
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _stored(key: str, path: Path, is_latest: bool = True) -> StoredObject:
    sha256 = path.name.partition("-")[2] or None
    return StoredObject(key, path.stat().st_size, path.name, path.name, _modified(path), sha256, is_latest)


def _modified(path: Path) -> datetime:
    return datetime.fromtimestamp(path.stat().st_mtime, UTC)
