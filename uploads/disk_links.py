"""Second names on the disk: hard links below the data folder, beside the folder of the objects."""

from __future__ import annotations

import errno
import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path

from django.core.exceptions import SuspiciousFileOperation
from django.utils._os import safe_join

from uploads.errors import ObjectMissing, StoreFull, StoreUnavailable
from uploads.storage import StoredObject


@contextmanager
def on_disk() -> Iterator[None]:
    try:
        yield
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise StoreFull from error
        raise StoreUnavailable from error


class DiskLinks:
    """The names part of `uploads.storage.Store`."""

    root: Path

    def link(self, stored: StoredObject, name: str) -> str:
        path = self._path(name)
        with on_disk():
            path.parent.mkdir(parents=True, exist_ok=True)
            temporary = path.with_name(f".{secrets.token_hex(16)}")
            try:
                os.link(self.root / stored.key / stored.version, temporary)
            except FileNotFoundError as error:
                raise ObjectMissing from error
            temporary.replace(path)
            # rename(2) does nothing where both names are the same file already.
            temporary.unlink(missing_ok=True)
        return str(path)

    def is_linked(self, stored: StoredObject, name: str) -> bool:
        with on_disk(), suppress(FileNotFoundError):
            return os.path.samefile(self.root / stored.key / stored.version, self._path(name))
        return False

    def linked(self, name: str) -> StoredObject | None:
        path = self._path(name)
        try:
            facts = path.stat()
        except FileNotFoundError:
            return None
        return StoredObject(str(path), facts.st_size, "", "", datetime.fromtimestamp(facts.st_mtime, UTC))

    def unlink(self, name: str) -> bool:
        with on_disk(), suppress(FileNotFoundError):
            self._path(name).unlink()
            return True
        return False

    def links(self, folder: str) -> Iterator[str]:
        with suppress(FileNotFoundError):
            for entry in os.scandir(self._path(folder)):
                if not entry.name.startswith("."):
                    yield f"{folder}/{entry.name}"

    def _path(self, name: str) -> Path:
        try:
            return Path(safe_join(self.root.parent, name))
        except SuspiciousFileOperation as error:
            raise ObjectMissing from error
