"""Settings from the environment: read once, and refused with a sentence when they cannot be meant."""

from __future__ import annotations

import difflib
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import environ
from django.core.exceptions import ImproperlyConfigured

# A misspelt name under one of these prefixes is a mistake, never somebody else's variable …
PREFIXES = ("ATS_", "CV_", "VIDEO_", "UPLOAD_", "PRESIGN_", "RATE_", "S3_", "RESUME_", "LEDGER_", "MULTIPART_", "DB_")
# … except those that clients of the system read in the same shell, and those of docker-compose.yml in the same file.
FOREIGN = {
    "ATS_URL", "ATS_TOKEN", "ATS_OTHER_TOKEN", "ATS_STAFF_TOKEN", "CV_CAPTURE_AUTH_TOKEN", "CV_CAPTURE_API_URL",
    "POSTGRES_PASSWORD", "POSTGRES_APP_PASSWORD", "REDIS_PASSWORD", "HTTP_PORT", "TLS_DIR",
    "WEB_CONCURRENCY", "WORKER_CONCURRENCY",
}  # fmt: skip


class Environment:
    """Typed look-ups that remember which names exist. An empty value means: not set."""

    def __init__(self, env_file: Path) -> None:
        self.known: set[str] = set()
        self.from_file: set[str] = set()
        if env_file.is_file():
            before = set(os.environ)
            environ.Env.read_env(env_file)
            self.from_file = set(os.environ) - before

    def _read(self, cast: Callable[[environ.Env, str], Any], name: str, default: Any) -> Any:
        self.known.add(name)
        if not os.environ.get(name, "").strip():
            return default
        try:
            return cast(environ.Env(), name)
        except (ValueError, ImproperlyConfigured) as error:
            raise ImproperlyConfigured(f"{name} cannot be read: {error}") from error

    def text(self, name: str, default: str = "") -> str:
        return self._read(lambda env, key: env.str(key).strip(), name, default)

    def flag(self, name: str, default: bool = False) -> bool:
        return self._read(lambda env, key: env.bool(key), name, default)

    def number(self, name: str, default: int, least: int = 1) -> int:
        value = self._read(lambda env, key: int(env.str(key).replace("_", "")), name, default)
        if value < least:
            raise ImproperlyConfigured(f"{name} is {value}; it must be at least {least}.")
        return value

    def words(self, name: str, default: str = "") -> list[str]:
        value = self.text(name, default)
        return [word.strip() for word in value.split(",") if word.strip()]

    def refuse_unknown(self) -> None:
        """A name nobody reads stops the start, with the name that was probably meant."""
        given = {name for name in os.environ if name.startswith(PREFIXES)} | self.from_file
        for name in sorted(given - self.known - FOREIGN):
            meant = difflib.get_close_matches(name, self.known, n=1)
            hint = f" Did you mean {meant[0]}?" if meant else ""
            raise ImproperlyConfigured(f"Unknown setting {name}.{hint} Every setting is listed in .env.example.")
