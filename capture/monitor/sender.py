"""How one file is sent, and what each answer of the server and the store means for it."""

from __future__ import annotations

import os
from collections.abc import Callable, Collection, Iterator

import payloads
from http1 import Address
from wire import Answer, Away, Wire

TRIES = 3
BLOCK = 65536


class Changed(Exception):
    """The file is not the one that was hashed any more."""


class Held(Exception):
    """Nothing more can be sent for now; the rest of the batch waits. Carries the event for the parent."""

    def __init__(self, **event: object) -> None:
        super().__init__(event["reason"])
        self.event = event


class Left(Exception):
    """This one file cannot be sent now (`retry`) or as it is (`parked`). Carries the event for the parent."""

    def __init__(self, step: str, reason: str, retry_after: float | None = None) -> None:
        super().__init__(reason)
        self.event = {"step": step, "reason": reason, "retry_after": retry_after}


def judge(answer: Answer, parks: Collection[int] = (400, 413, 422)) -> None:
    """Raises what an API answer that is no success means: Held, Left, or nothing for a 409, which begins again."""
    if answer.status in (401, 403):
        raise Held(step="token", reason=answer.words)
    if answer.status in parks:
        raise Left("parked", answer.words)
    if answer.status in (429, 503):
        raise Held(step="away", reason=answer.words, retry_after=answer.retry_after)
    if answer.status >= 500:
        raise Left("retry", answer.words, answer.retry_after)
    if answer.status != 409:
        raise Held(step="away", reason=answer.words + ": is api_url right?")


class Sender:
    """Sends files one after the other over its own connections."""

    def __init__(self, job: dict, tell: Callable) -> None:
        self.job, self.tell = job, tell
        self.wire = Wire(job["ca_file"], job["proxy"])

    def api(self, door: str, payload: dict, good: str, **options: Collection[int]) -> Answer:
        """Calls a door of ours; its answer when it is 2xx with the `good` key, or says to begin again; else raises."""
        answer = self.wire.post(self.job["api_url"] + "/cv-capture/" + door, self.job["token"], payload)
        if answer.status in (200, 201):
            if good not in answer.body:  # a hotel's sign-in page says 200 too
                raise Away("the answer is not the server's")
            return answer
        if list(answer.body.get("errors") or ()) != ["s3_key"]:  # else our key is from a promise that has run out
            judge(answer, **options)
        return answer

    def send(self, file: dict) -> None:
        """Presign, PUT, metadata; begins again at most twice when the server does not find the bytes good."""
        for number in range(TRIES):
            if not file.get("s3_key"):
                self._place(file)
            self.tell(file, "metadata")
            what, who = ("name", "size", "sha256", "s3_key", "detected_at"), ("device", "emp_id")
            described = payloads.metadata(*map(file.get, what), *map(self.job.get, who))
            answer = self.api("metadata", described, "cv_capture_id")
            if answer.status in (200, 201):
                self.tell(file, "stored", cv_capture_id=answer.body["cv_capture_id"], uploaded=file.get("put", False))
                return
            file["s3_key"] = ""
            ensure_same(file)
            self.tell(file, "again", reason=answer.words, number=number + 1)
        raise Left("parked", answer.words)

    def _place(self, file):
        presigned = self._presign(file)
        if not presigned.get("duplicate"):
            if not self._put(file, presigned):
                # the link may have run out while the computer slept: ask for one more
                presigned = self._presign(file)
                if not self._put(file, presigned):
                    raise Left("retry", "the store refuses the link: HTTP 403")
            file["put"] = True
        file["s3_key"] = presigned["s3_key"]
        self.tell(file, "placed", s3_key=file["s3_key"], uploaded=file.get("put", False))

    def _presign(self, file):
        self.tell(file, "presign")
        answer = self.api("presign", payloads.presign(file["name"], file["size"], file["sha256"]), "s3_key")
        if answer.status not in (200, 201):
            raise Left("retry", answer.words)
        return answer.body

    def _put(self, file, presigned):
        url = str(presigned.get("s3_url") or "")
        self._allow(url)
        headers = {"Content-Type": payloads.file_type(file["name"])}
        headers.update(presigned.get("headers") or {})
        self.tell(file, "put")
        answer = self.wire.send("PUT", url, headers, file["size"], lambda: blocks(file))
        if answer.status in (200, 201, 204):
            return True
        ensure_same(file)
        if answer.status in (429, 503):
            raise Held(step="away", reason="store: " + answer.words, retry_after=answer.retry_after)
        if answer.status == 403:
            return False
        raise Left("retry", "store: " + answer.words, answer.retry_after)

    def _allow(self, url):
        try:
            address = Address(url)
        except ValueError as error:
            raise Left("parked", "the upload address is not one") from error
        if address.scheme != "https" and self.job["api_url"].startswith("https"):
            raise Left("parked", "the upload address is not safe")
        if self.job["upload_hosts"] and address.host not in self.job["upload_hosts"]:
            raise Left("parked", "the upload address is not on the list upload_hosts")


def shape(file: dict) -> None:
    """Raises Changed unless the file on disk still is the one the job describes; OSError when it is away."""
    found = os.stat(file["path"])
    if (found.st_size, found.st_mtime_ns) != (file["size"], file["mtime_ns"]):
        raise Changed


def ensure_same(file: dict) -> None:
    """Raises Changed when the bytes on disk do not have the file's hash any more."""
    shape(file)
    if digest(file) != file["sha256"]:
        raise Changed


def blocks(file: dict) -> Iterator[bytes]:
    """Exactly the file's bytes, in blocks; raises Changed when there are fewer, or they cannot be read."""
    left = file["size"]
    try:
        with open(file["path"], "rb", opener=share_all if os.name == "nt" else None) as source:
            while left:
                block = source.read(min(BLOCK, left))
                if not block:
                    raise Changed
                left -= len(block)
                yield block
    except OSError as error:
        raise Changed from error


def share_all(path: str, flags: int) -> int:
    """Opens so that the user may rename or delete the file meanwhile, which `open` on Windows forbids.

    https://learn.microsoft.com/windows/win32/api/fileapi/nf-fileapi-createfilew
    """
    import ctypes
    import msvcrt
    from ctypes import wintypes

    create = ctypes.WinDLL("kernel32", use_last_error=True).CreateFileW
    create.argtypes = [wintypes.LPCWSTR] + 2 * [wintypes.DWORD] + [wintypes.LPVOID] + 2 * [wintypes.DWORD]
    create.argtypes += [wintypes.HANDLE]
    create.restype = wintypes.HANDLE
    read, share_read_write_delete, existing, normal = 0x80000000, 7, 3, 0x80
    handle = create(path, read, share_read_write_delete, None, existing, normal, None)
    if handle == wintypes.HANDLE(-1).value:
        raise ctypes.WinError(ctypes.get_last_error())
    return msvcrt.open_osfhandle(handle, flags)


def digest(file: dict) -> str:
    """SHA-256 of the file, 64 hex digits."""
    import hashlib  # a heartbeat does without

    found = hashlib.sha256()
    for block in blocks(file):
        found.update(block)
    return found.hexdigest()
