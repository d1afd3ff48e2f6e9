"""The file of a candidate's current CV, `{RESUME_STORAGE_DIR}/{candidate_id}.pdf`.

On disk the path lies below ATS_DATA_DIR; on S3 it is the key. A candidate's id is a positive int: nothing else reaches
the store (ValueError).
"""

from __future__ import annotations

from pathlib import Path

from django.conf import settings
from django.db import transaction

from candidates.arrivals import received
from candidates.models import Candidate
from uploads.keys import resume_name
from uploads.storage import get_store


def ensure_resume_directory() -> str:
    """Makes the folder where the store has folders; answers the folder's path or prefix."""
    if settings.S3_BUCKET:
        return settings.RESUME_STORAGE_DIR
    folder = settings.ATS_DATA_DIR / settings.RESUME_STORAGE_DIR
    folder.mkdir(parents=True, exist_ok=True)
    return str(folder)


def save_resume_file(temp_file_path: str | Path, candidate_id: int) -> str:
    """Keeps a PDF and makes it the candidate's current CV; answers where it lies.

    The temporary file stays the caller's. Raises StoreUnavailable, StoreFull.
    """
    name, file_name = _name(candidate_id), f"{candidate_id}.pdf"
    with Path(temp_file_path).open("rb") as file, received(file, file_name) as arrival, transaction.atomic():
        document = arrival.keep()
        if candidate := Candidate.objects.select_for_update().filter(pk=candidate_id).first():
            candidate.add_version(document, file_name)
    return get_store().link(document.pinned, name)


def get_resume_file_path(candidate_id: int) -> str | None:
    found = get_store().linked(_name(candidate_id))
    return found.key if found else None


def get_resume_file_size(candidate_id: int) -> int | None:
    """Bytes."""
    found = get_store().linked(_name(candidate_id))
    return found.size if found else None


def delete_resume_file(candidate_id: int) -> bool:
    """Takes the name away; the version and its document stay with the candidate."""
    return get_store().unlink(_name(candidate_id))


def _name(candidate_id: int) -> str:
    if type(candidate_id) is not int or candidate_id < 1:
        raise ValueError("A candidate's id is a positive whole number.")
    return resume_name(candidate_id)
