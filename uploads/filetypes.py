"""Which files are taken. A type comes from the extension of the name and is proven by the content."""

from __future__ import annotations

import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import PurePath
from typing import IO

from django.conf import settings

HEAD_BYTES = 4096


def _is_pdf(file: IO[bytes]) -> bool:
    # ISO 32000-1, annex H, note 13: readers accept the header within the first 1024 bytes. Mail gateways do put lines
    # in front; a page of markup that merely mentions %PDF is no PDF.
    head = file.read(1024)
    return b"%PDF-" in head and not head.lstrip(b"\xef\xbb\xbf \t\r\n\0").startswith(b"<")


def _begins(*signatures: bytes) -> Callable[[IO[bytes]], bool]:
    return lambda file: file.read(16).startswith(signatures)


def _is_zip_with(*members: str) -> Callable[[IO[bytes]], bool]:
    def looks_like(file: IO[bytes]) -> bool:
        try:
            with zipfile.ZipFile(file) as archive:
                return set(members) <= set(archive.namelist())
        except (zipfile.BadZipFile, NotImplementedError, ValueError, EOFError, OSError):
            return False

    return looks_like


def _is_iso_media(file: IO[bytes]) -> bool:
    # ISO/IEC 14496-12: a box is its length, then its type; QuickTime files may begin with other boxes than ftyp.
    return file.read(12)[4:8] in {b"ftyp", b"moov", b"mdat", b"wide", b"free", b"skip"}


@dataclass(frozen=True)
class FileType:
    """`mimes`: the canonical type first, then what clients really send. `whole`: the proof needs all bytes."""

    extension: str
    mimes: tuple[str, ...]
    looks_like: Callable[[IO[bytes]], bool]
    is_video: bool = False
    whole: bool = False

    @property
    def mime(self) -> str:
        return self.mimes[0]

    @property
    def max_bytes(self) -> int:
        return settings.UPLOAD_MAX_BYTES if self.is_video else settings.CV_MAX_BYTES


_OFFICE = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
_EBML = b"\x1a\x45\xdf\xa3"  # RFC 8794
_ALL = [
    FileType("pdf", ("application/pdf", "application/x-pdf"), _is_pdf),
    FileType("doc", ("application/msword",), _begins(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1")),  # MS-CFB 2.2
    FileType("docx", (_OFFICE,), _is_zip_with("[Content_Types].xml", "word/document.xml"), whole=True),
    # Windows registers Word for .rtf, so browsers there say msword.
    FileType("rtf", ("application/rtf", "text/rtf", "application/msword"), _begins(b"{\\rtf")),
    FileType("odt", ("application/vnd.oasis.opendocument.text",), _is_zip_with("mimetype", "content.xml"), whole=True),
    FileType("mp4", ("video/mp4",), _is_iso_media, is_video=True),
    FileType("mov", ("video/quicktime",), _is_iso_media, is_video=True),
    FileType("webm", ("video/webm",), _begins(_EBML), is_video=True),
    FileType("mkv", ("video/x-matroska", "video/matroska"), _begins(_EBML), is_video=True),
]
BY_EXTENSION = {file_type.extension: file_type for file_type in _ALL}
BY_MIME = {file_type.mime: file_type for file_type in _ALL}  # the canonical type is each one's own


def cv_types() -> list[FileType]:
    return [BY_EXTENSION[extension] for extension in settings.CV_FILE_TYPES]


def all_types() -> list[FileType]:
    return cv_types() + [BY_EXTENSION[extension] for extension in settings.VIDEO_FILE_TYPES]


def type_of(file_name: str, allowed: list[FileType]) -> FileType | None:
    """The type that the name claims, or None where it is not among the allowed ones."""
    file_type = BY_EXTENSION.get(PurePath(file_name).suffix[1:].lower())
    return file_type if file_type in allowed else None
