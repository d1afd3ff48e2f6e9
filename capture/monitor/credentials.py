"""The device's token: from the environment, a file only its owner can read, or the system's own keyring."""

from __future__ import annotations

import os
import subprocess
import sys

from config import Settings

SERVICE = "cv-capture"
VARIABLE = "CV_CAPTURE_AUTH_TOKEN"


class Unusable(RuntimeError):
    """There is a token that is not used: others can read its file, or it cannot be one."""


def file_of(folder: str, settings: Settings) -> str:
    """Where the token file lies, if there is one."""
    return os.path.expanduser(settings.token_file) or os.path.join(folder, "token")


def token(folder: str, settings: Settings) -> str:
    """The token, or an empty text when there is none. Raises Unusable."""
    found = os.environ.get(VARIABLE, "").strip() or _from_file(file_of(folder, settings)) or _from_keyring()
    if not (found.isascii() and found.isprintable()) or " " in found:  # `Bearer …`, two lines, a typographic quote
        raise Unusable("the auth token is not one: it has spaces, line breaks or foreign letters; copy it once more")
    return found


def _from_file(path):
    try:
        with open(path, encoding="utf-8-sig") as file:
            if os.name == "posix" and os.fstat(file.fileno()).st_mode & 0o077:
                raise Unusable("the token file can be read by others: chmod 600 it")
            return file.read().strip()
    except (OSError, UnicodeDecodeError):
        return ""


def _from_keyring():
    if sys.platform == "win32":
        return _from_windows()
    ask = ["security", "find-generic-password", "-s", SERVICE, "-w"]
    if sys.platform != "darwin":
        ask = ["secret-tool", "lookup", "service", SERVICE]
    try:
        found = subprocess.run(
            ask, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, timeout=5, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return found.stdout.decode("utf-8", "replace").strip() if found.returncode == 0 else ""


def _from_windows():
    """The generic credential named `cv-capture` (https://learn.microsoft.com/windows/win32/api/wincred)."""
    import ctypes
    from ctypes import wintypes

    class Credential(ctypes.Structure):
        _fields_ = [
            ("flags", wintypes.DWORD),
            ("type", wintypes.DWORD),
            ("target", wintypes.LPWSTR),
            ("comment", wintypes.LPWSTR),
            ("written", wintypes.FILETIME),
            ("size", wintypes.DWORD),
            ("blob", ctypes.POINTER(ctypes.c_char)),
            ("persist", wintypes.DWORD),
            ("count", wintypes.DWORD),
            ("attributes", ctypes.c_void_p),
            ("alias", wintypes.LPWSTR),
            ("user", wintypes.LPWSTR),
        ]

    advapi = ctypes.WinDLL("advapi32")
    found = ctypes.POINTER(Credential)()
    if not advapi.CredReadW(SERVICE, 1, 0, ctypes.byref(found)):
        return ""
    blob = ctypes.string_at(found.contents.blob, found.contents.size)
    advapi.CredFree(found)
    return blob.decode("utf-16-le" if b"\0" in blob else "utf-8", "replace").strip()
