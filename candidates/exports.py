"""A person's data as a ZIP: `data.json`, and every CV under `files/`."""

from __future__ import annotations

import json
import tempfile
import zipfile
from contextlib import closing
from typing import IO, Any

from django.core.serializers.json import DjangoJSONEncoder
from django.utils.text import get_valid_filename

from candidates.models import Candidate, ResumeVersion
from candidates.serializers import (
    CandidateSerializer,
    MergeSerializer,
    NoteSerializer,
    TagSerializer,
    VersionSerializer,
)
from uploads.storage import blocks, get_store

IN_MEMORY = 4 * 2**20
PER_CV = ("captures__user__username", "captures__captured_at", "captures__source", "captures__file_name")


def export(candidate: Candidate) -> IO[bytes]:
    """The ZIP in a temporary file, at its beginning. Raises ObjectMissing, StoreUnavailable."""
    file = tempfile.SpooledTemporaryFile(max_size=IN_MEMORY)  # noqa: SIM115 (the caller closes)
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        text = json.dumps(data_of(candidate), cls=DjangoJSONEncoder, ensure_ascii=False, indent=2)
        archive.writestr("data.json", text)
        for number, version in enumerate(candidate.versions.all(), 1):
            _add(archive, version, number)
    file.seek(0)
    return file


def _add(archive: zipfile.ZipFile, version: ResumeVersion, number: int) -> None:
    document = version.document
    name = get_valid_filename(version.file_name or f"cv.{document.file_type.extension}")
    with closing(get_store().open(document.pinned)) as source, archive.open(f"files/{number}_{name}", "w") as target:
        for block in blocks(source):
            target.write(block)


def data_of(candidate: Candidate) -> dict[str, Any]:
    """All that is known of this person; of others only who wrote, looked or decided."""
    own = CandidateSerializer(candidate).data
    own.pop("possible_duplicates")
    documents = candidate.documents.all()
    captured = documents.filter(captures__captured_at__isnull=False).values(*PER_CV)
    return {
        "candidate": own,
        "merged": CandidateSerializer(candidate.records()[1:], many=True).data,
        "merges": MergeSerializer(candidate.merges.all(), many=True).data,
        "resumes": VersionSerializer(candidate.versions.all(), many=True).data,
        "read_from_resumes": [{"doc_id": d.pk, "fields": d.parsed, "text": d.text} for d in documents],
        "captures": [{key.removeprefix("captures__"): value for key, value in row.items()} for row in captured],
        "notes": NoteSerializer(candidate.notes.select_related("author"), many=True).data,
        "tags": TagSerializer(candidate.tags.select_related("author"), many=True).data,
        "looked_at": list(candidate.accesses.values("user__username", "kind", "document_id", "created_at")),
    }
