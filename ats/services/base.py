"""What the services have in common: a folder, a log, what the settings must say to use them."""

from __future__ import annotations

import contextlib
import os
import shutil
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from ats.processes import Program, guardian


@contextlib.contextmanager
def temporary_folder(parent: str | Path = "/tmp") -> Iterator[Path]:  # noqa: S108
    """Removed at the end, even if we are killed. In /tmp, because a socket's path may have 104 bytes at most; other
    accounts may pass through it, because a database refuses to run as root and takes another."""
    folder = Path(tempfile.mkdtemp(prefix="ats-", dir=parent))
    guardian.take_on("keep", folder)
    try:
        folder.chmod(0o711)
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        guardian.let_go("drop", folder)


def program_path(name: str) -> str | None:
    """Where a program is: beside this Python (wheels put theirs there), else on the PATH."""
    return shutil.which(name, path=os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")]))


class Service(Program):
    """A server with its data in `folder`; what it prints goes to `<folder>.log`."""

    log: Path

    def __init__(self, name: str, folder: Path) -> None:
        super().__init__(name)
        self.folder = folder
        self.log = folder.with_name(f"{folder.name}.log")

    def settings(self) -> dict[str, str]:
        """What the environment must say for the project to use it."""
        raise NotImplementedError
