"""Where objects lie: every key is built here, in ASCII, from a hash and a slug."""

from __future__ import annotations

import re
import unicodedata
import uuid
from datetime import datetime
from pathlib import PurePath

from django.conf import settings

SLUG_MAX = 60


def slug(file_name: str) -> str:
    """`Naukri_Resume.pdf` → `naukri-resume`; `cv` when nothing is left."""
    stem = unicodedata.normalize("NFKD", PurePath(file_name).stem).encode("ascii", "ignore").decode().lower()
    return re.sub(r"[^a-z0-9]+", "-", stem)[:SLUG_MAX].strip("-") or "cv"


def capture_key(user_id: int, sha256: str, file_name: str, extension: str, now: datetime) -> str:
    folder = f"{settings.RESUME_STORAGE_DIR}/{settings.ATS_ENVIRONMENT}/ats/{user_id}/{now:%Y/%m}"
    return f"{folder}/{sha256}_{slug(file_name)}.{extension}"


def request_key(sha256: str, file_name: str, extension: str) -> str:
    return f"{sha256}/{slug(file_name)}.{extension}"


def kept_key(sha256: str, extension: str) -> str:
    return f"documents/{sha256}.{extension}"


def session_key(upload_id: uuid.UUID, extension: str) -> str:
    """The hash is not yet known when the first chunk comes, and nothing is copied afterwards."""
    return f"sessions/{upload_id}.{extension}"


def tail_key(key: str, writer: uuid.UUID | None) -> str:
    """The bytes of a session after its last whole chunk: written once by one call, and never again under that name."""
    return f"{key}.tail-{writer}"


def resume_name(candidate_id: int) -> str:
    """The second name of a candidate's current CV, when that is a PDF."""
    return f"{settings.RESUME_STORAGE_DIR}/{candidate_id}.pdf"


def is_resume_name(key: str) -> bool:
    folder, _, name = key.rpartition("/")
    return folder == settings.RESUME_STORAGE_DIR and re.fullmatch(r"[1-9][0-9]*\.pdf", name) is not None
