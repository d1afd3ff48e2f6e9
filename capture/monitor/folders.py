"""Where downloads land: five places of the system, and what the browsers are set to."""

from __future__ import annotations

import glob
import json
import os
import re
import sys

from config import Settings

CHROMIUM = {
    "win32": (
        "AppData/Local/Google/Chrome/User Data",
        "AppData/Local/Microsoft/Edge/User Data",
        "AppData/Local/BraveSoftware/Brave-Browser/User Data",
    ),
    "darwin": (
        "Library/Application Support/Google/Chrome",
        "Library/Application Support/Microsoft Edge",
        "Library/Application Support/BraveSoftware/Brave-Browser",
    ),
    "linux": (
        ".config/google-chrome",
        ".config/chromium",
        ".config/microsoft-edge",
        ".config/BraveSoftware/Brave-Browser",
    ),
}
FIREFOX = {
    "win32": "AppData/Roaming/Mozilla/Firefox/Profiles/*/prefs.js",
    "darwin": "Library/Application Support/Firefox/Profiles/*/prefs.js",
    "linux": ".mozilla/firefox/*/prefs.js",
}
# https://learn.microsoft.com/windows/win32/shell/knownfolderid: FOLDERID_Downloads has no friendly registry name
WINDOWS_NAMES = {"Downloads": "{374DE290-123F-4565-9164-39C4925E467B}", "Desktop": "Desktop", "Documents": "Personal"}
XDG_NAMES = {"Downloads": "XDG_DOWNLOAD_DIR", "Desktop": "XDG_DESKTOP_DIR", "Documents": "XDG_DOCUMENTS_DIR"}


def watched(settings: Settings) -> list[str]:
    """The folders to watch, each once: those of the settings, else the system's own and the browsers'."""
    home = os.path.expanduser("~")
    found = [os.path.expandvars(os.path.expanduser(path)) for path in settings.paths] or default_folders(home)
    unique: dict[str, str] = {}
    for path in found:
        unique.setdefault(os.path.normcase(os.path.realpath(path)), os.path.abspath(path))
    return list(unique.values())


def default_folders(home: str) -> list[str]:
    """Downloads, Desktop and Documents, their OneDrive twins (company PCs move them there), and browsers' folders."""
    system = _system_folders(home)
    places = [system.get(name) or os.path.join(home, name) for name in ("Downloads", "Desktop", "Documents")]
    places += [
        os.path.join(os.environ.get("OneDrive") or os.path.join(home, "OneDrive"), name)
        for name in ("Downloads", "Desktop")
    ]
    return places + _browser_folders(home)


def _system_folders(home):
    if sys.platform == "win32":
        return _windows_folders()
    try:
        with open(os.path.join(home, ".config", "user-dirs.dirs"), encoding="utf-8") as file:
            lines = dict(line.strip().split("=", 1) for line in file if line.startswith("XDG_") and "=" in line)
    except (OSError, ValueError):
        return {}
    return {name: lines[key].strip('"').replace("$HOME", home) for name, key in XDG_NAMES.items() if key in lines}


def _windows_folders():
    import winreg

    found = {}
    path = r"Software\Microsoft\Windows\CurrentVersion\Explorer\User Shell Folders"
    with winreg.OpenKey(winreg.HKEY_CURRENT_USER, path) as key:
        for name, value in WINDOWS_NAMES.items():
            try:
                found[name] = os.path.expandvars(winreg.QueryValueEx(key, value)[0])
            except OSError:
                continue
    return found


def _browser_folders(home):
    platform = sys.platform if sys.platform in CHROMIUM else "linux"
    found = []
    for base in CHROMIUM[platform]:
        for path in glob.glob(os.path.join(home, base, "*", "Preferences")):
            try:
                with open(path, encoding="utf-8") as file:
                    found.append(json.load(file)["download"]["default_directory"])
            except (OSError, ValueError, KeyError, TypeError):
                continue
    for path in glob.glob(os.path.join(home, FIREFOX[platform])):
        try:
            with open(path, encoding="utf-8") as file:
                match = re.search(r'^user_pref\("browser\.download\.dir", (".*")\);', file.read(), re.MULTILINE)
            found += [json.loads(match.group(1))] if match else []
        except (OSError, ValueError):
            continue
    return [path for path in found if isinstance(path, str) and os.path.isabs(path)]
