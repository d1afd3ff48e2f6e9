"""Settings: the defaults, `config.json` over them, the environment over that, the server's policy on top."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Mapping

VERSION = "0.1.19"
DESIGNATIONS = [
    "Manager - Talent Acquisition",
    "Senior Executive - Talent Acquisition",
    "Executive - Talent Acquisition",
    "Assistant Manager - Talent Acquisition",
    "Senior Manager - Talent Acquisition",
    "Recruiter",
    "Senior Recruiter",
]
TOP_LEVEL = ("emp_id", "designation")
FROM_POLICY = ("patterns", "extensions", "max_size_bytes", "check_interval_sec")


class ConfigError(ValueError):
    """The file or the policy cannot be used; the text names every faulty key, never a value."""


def _number(low, high):
    return lambda value: isinstance(value, (int, float)) and not isinstance(value, bool) and low <= value <= high


def _flag(value):
    return isinstance(value, bool)


def _text(value):
    return isinstance(value, str)


def _texts(value):
    return isinstance(value, list) and all(isinstance(item, str) and item for item in value)


def _some_texts(value):
    return _texts(value) and bool(value)


def _url(value):
    return _text(value) and (not value or value.startswith(("http://", "https://")))


# key: (default, what a good value is); sizes in bytes, times in seconds
RULES = {
    "enabled": (False, _flag),
    "api_url": ("", _url),
    "check_interval_sec": (30, _number(0.1, 3600)),
    "paths": ([], _texts),
    "patterns": (["Naukri_*"], _some_texts),
    "extensions": ([".pdf", ".doc", ".docx", ".rtf", ".odt"], _some_texts),
    "max_size_bytes": (10 * 2**20, _number(1, 2**40)),
    "designations": (DESIGNATIONS, _texts),
    "stable_sec": (2, _number(0.2, 600)),
    "at_once": (2, _number(1, 8)),
    "old_files": (False, _flag),
    "notify": (True, _flag),
    "heartbeat_sec": (900, _number(1, 86400)),
    "device": ("", _text),
    "token_file": ("", _text),
    "ca_file": ("", _text),
    "proxy": ("", _url),
    "upload_hosts": ([], _texts),
    "rollout_percent": (100, _number(0, 100)),
}


class Settings:
    """One consistent reading: an attribute for each key of `RULES`, and `emp_id`, `designation`, `held_back`.

    `held_back` says why the server's policy keeps this device still, and is empty when it does not.
    """

    enabled: bool
    api_url: str
    check_interval_sec: float
    paths: list[str]
    patterns: list[str]
    extensions: tuple[str, ...]
    max_size_bytes: int
    designations: list[str]
    stable_sec: float
    at_once: int
    old_files: bool
    notify: bool
    heartbeat_sec: float
    device: str
    token_file: str
    ca_file: str
    proxy: str
    upload_hosts: list[str]
    emp_id: object
    designation: object
    held_back: str

    def __init__(self, values: dict) -> None:
        self.__dict__.update(values)
        self.api_url = self.api_url.rstrip("/")
        self.extensions = tuple("." + extension.lower().lstrip(".") for extension in self.extensions)
        self.device = self.device or device_name()


def device_name() -> str:
    """What this computer calls itself, at most 100 characters."""
    name = os.environ.get("COMPUTERNAME") or (os.uname().nodename if hasattr(os, "uname") else "")
    return (name or "unknown")[:100]


def data_folder(chosen: str | None = None) -> str:
    """The `monitor_data` folder: chosen, from the environment, in the working folder, or the user's own."""
    chosen = chosen or os.environ.get("CV_CAPTURE_DATA_DIR")
    if chosen or os.path.isdir("monitor_data"):
        return os.path.abspath(chosen or "monitor_data")
    home = os.path.expanduser("~")
    if sys.platform == "win32":
        base = os.environ.get("LOCALAPPDATA") or os.path.join(home, "AppData", "Local")
    elif sys.platform == "darwin":
        base = os.path.join(home, "Library", "Application Support")
    else:
        base = os.environ.get("XDG_STATE_HOME") or os.path.join(home, ".local", "state")
    return os.path.join(base, "cv-capture", "monitor_data")


def _read_object(path):
    try:
        with open(path, encoding="utf-8-sig") as file:  # Notepad writes a byte-order mark
            found = json.load(file)
    except FileNotFoundError:
        return {}
    except (OSError, ValueError) as error:
        raise ConfigError(os.path.basename(path) + " cannot be read: " + type(error).__name__) from error
    if not isinstance(found, dict):
        raise ConfigError(os.path.basename(path) + " is not a JSON object")
    return found


def _checked(section, keys):
    faults = sorted(key for key in keys if key in section and not RULES[key][1](section[key]))
    if faults:
        raise ConfigError("bad value for " + ", ".join(faults))
    return {key: section[key] for key in keys if key in section}


def checked_policy(policy: object) -> dict:
    """The keys of a server's policy that this version knows and the server has an opinion on; raises ConfigError."""
    if not isinstance(policy, dict):
        raise ConfigError("the policy is not an object")
    spoken = {key: value for key, value in policy.items() if value is not None}
    return _checked(spoken, ("enabled", "rollout_percent", *FROM_POLICY))


def save_policy(folder: str, policy: object) -> bool:
    """Keeps a policy for the next start; returns True when it is another one. Raises ConfigError on a bad one."""
    good = checked_policy(policy)
    path = os.path.join(folder, "policy.json")
    if good == _read_object(path):
        return False
    with open(path + ".new", "w", encoding="utf-8") as file:
        json.dump(good, file)
    os.replace(path + ".new", path)
    return True


def read(folder: str, environment: Mapping[str, str] = os.environ) -> Settings:
    """Settings from `folder`/config.json and policy.json; raises ConfigError. Unknown keys are left alone."""
    found = _read_object(os.path.join(folder, "config.json"))
    section = found.get("download_monitor", {})
    if not isinstance(section, dict):
        raise ConfigError("download_monitor is not an object")
    values = {key: default for key, (default, _) in RULES.items()}
    values.update({key: found.get(key) for key in TOP_LEVEL})
    values.update(_checked(section, RULES))
    policy = checked_policy(_read_object(os.path.join(folder, "policy.json")))
    values.update({key: policy[key] for key in FROM_POLICY if key in policy})
    values["held_back"] = _held_back(policy, values)
    if environment.get("CV_CAPTURE_API_URL"):
        values["api_url"] = environment["CV_CAPTURE_API_URL"]
        _checked(values, ["api_url"])
    return Settings(values)


def _held_back(policy, values):
    if not policy.get("enabled", True):
        return "switched off by the server"
    from binascii import crc32

    bucket = crc32((values["device"] or device_name()).encode()) % 100
    if bucket >= policy.get("rollout_percent", 100):
        return "this device is not part of the roll-out yet"
    return ""


class Config:
    """The settings in force: read again when a file changed, kept as they were when it is bad."""

    def __init__(self, folder: str) -> None:
        self.folder = folder
        self.fault = ""
        self._seen: object = None
        self.settings = Settings(
            dict({key: default for key, (default, _) in RULES.items()}, emp_id=None, designation=None, held_back="")
        )

    def refresh(self) -> bool:
        """Reads the files if they changed; returns True when there is something new, good or bad."""
        seen = [stamp(os.path.join(self.folder, name)) for name in ("config.json", "policy.json")]
        if seen == self._seen:
            return False
        self._seen = seen
        try:
            self.settings, self.fault = read(self.folder), ""
        except ConfigError as error:
            self.fault = str(error)
        return True


def stamp(path: str) -> tuple[int, int, int] | None:
    """Another one when the file is another one or was written to; None when there is none."""
    try:
        found = os.stat(path)
    except OSError:
        return None
    return found.st_mtime_ns, found.st_size, found.st_ino
