"""What the program would do on Windows and macOS, with the system's own modules and names stood in for."""

import base64
import contextlib
import ctypes
import os
import plistlib
import re
import subprocess
import sys
import types
import xml.etree.ElementTree as ElementTree

import autostart
import child
import config
import credentials
import folders
import journal
import lock
import notify
import pytest
import sender

FOLDER = "/data/monitor data"
TASK = "{http://schemas.microsoft.com/windows/2004/02/mit/task}"


@pytest.fixture
def windows(monkeypatch):
    monkeypatch.setattr(sys, "platform", "win32")
    monkeypatch.setenv("USERDOMAIN", "OFFICE")
    monkeypatch.setenv("USERNAME", "asha & co")
    monkeypatch.setenv("LOCALAPPDATA", "/users/asha/local")


@pytest.fixture
def macos(monkeypatch):
    monkeypatch.setattr(sys, "platform", "darwin")
    monkeypatch.setenv("HOME", "/Users/asha")


@contextlib.contextmanager
def named(name):
    """`os.name` for a moment: pathlib and pytest must not see it."""
    before, os.name = os.name, name
    try:
        yield
    finally:
        os.name = before


# --- Start at sign-in -------------------------------------------------------------------------------------------------


def test_a_windows_task_is_the_users_own_and_needs_no_administrator(windows):
    wanted = autostart.plan(FOLDER)
    task = ElementTree.fromstring(wanted.text.replace(' encoding="UTF-16"', ""))  # noqa: S314 - our own text
    triggers = task.findall(f"{TASK}Triggers/{TASK}LogonTrigger")
    assert [trigger.findtext(TASK + "UserId") for trigger in triggers] == ["OFFICE\\asha & co"]
    principal = task.find(f"{TASK}Principals/{TASK}Principal")
    assert principal.findtext(TASK + "UserId") == "OFFICE\\asha & co"
    assert principal.findtext(TASK + "RunLevel") == "LeastPrivilege"
    assert task.findtext(f"{TASK}Actions/{TASK}Exec/{TASK}Command") == sys.executable
    arguments = task.findtext(f"{TASK}Actions/{TASK}Exec/{TASK}Arguments")
    assert arguments.endswith(f'--data "{FOLDER}" run')
    assert task.findtext(f"{TASK}Settings/{TASK}ExecutionTimeLimit") == "PT0S"
    assert wanted.start[0][:5] == ["schtasks", "/Create", "/F", "/TN", "cv-capture-monitor"]
    assert wanted.stop[-1] == ["schtasks", "/Delete", "/F", "/TN", "cv-capture-monitor"]


def test_a_macos_agent_starts_again_after_a_crash_but_not_after_an_orderly_end(macos):
    wanted = autostart.plan(FOLDER)
    assert wanted.path == "/Users/asha/Library/LaunchAgents/cv-capture-monitor.plist"
    agent = plistlib.loads(wanted.text.encode())
    assert agent["ProgramArguments"][-3:] == ["--data", FOLDER, "run"]
    assert agent["KeepAlive"] == {"SuccessfulExit": False}
    assert agent["RunAtLoad"] is True
    assert wanted.start == [["launchctl", "load", "-w", wanted.path]]


def test_a_linux_without_systemd_gets_a_desktop_entry(monkeypatch):
    monkeypatch.setenv("PATH", "/nowhere")
    monkeypatch.setenv("XDG_CONFIG_HOME", "/home/asha/.config")
    wanted = autostart.plan(FOLDER)
    assert wanted.path == "/home/asha/.config/autostart/cv-capture-monitor.desktop"
    assert f'Exec="{sys.executable}" "-I" "-S"' in wanted.text
    assert f'"--data" "{FOLDER}" "run"' in wanted.text
    assert (wanted.start, wanted.stop) == ([], [])


def test_the_twin_without_a_console_starts_at_sign_in_and_its_child_has_streams(tmp_path, monkeypatch):
    for name in ("cv-capture-monitor.exe", "cv-capture-monitorw.exe", "python.exe"):
        (tmp_path / name).touch()
    assert child.without_console(str(tmp_path / "cv-capture-monitor.exe")) == str(tmp_path / "cv-capture-monitorw.exe")
    assert child.without_console(str(tmp_path / "python.exe")) == str(tmp_path / "python.exe")
    monkeypatch.setattr(sys, "executable", str(tmp_path / "cv-capture-monitorw.exe"))
    monkeypatch.setattr(sys, "frozen", True, raising=False)
    assert child.command() == [str(tmp_path / "cv-capture-monitor.exe"), "_send"]


# --- A word on the desktop --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("quote", ["'", '"', "\u2018", "\u2019", "\u201a", "\u201b", "`", "$(", "\udc80"])
def test_a_windows_notice_cannot_run_what_a_file_is_called(windows, quote):
    name = f"CV Uploaded - Naukri_{quote}); calc; ({quote}.pdf"
    command = notify.command(name)
    assert command[:4] == ["powershell", "-NoProfile", "-NonInteractive", "-EncodedCommand"]
    script = base64.b64decode(command[4]).decode("utf-16-le")
    assert "calc" not in script
    said = re.search(r"FromBase64String\('([A-Za-z0-9+/=]+)'\)", script).group(1)
    assert base64.b64decode(said).decode() == name.replace("\udc80", "?")


def test_a_macos_notice_gets_its_text_as_an_argument(macos):
    assert notify.command('say "x" & quit')[-1] == 'say "x" & quit'
    assert "x" not in notify.command('say "x" & quit')[2].split("item 1")[0]


def test_where_there_is_no_notice_program_nothing_happens(monkeypatch):
    monkeypatch.setenv("PATH", "/nowhere")
    shown = notify.Notifier()
    shown.uploaded("Naukri_A.pdf")
    shown.flush()
    shown.close()


def test_four_at_once_are_one_notice(monkeypatch):
    said = []

    def start(words, **_):
        said.append(words[-1])
        return types.SimpleNamespace(poll=lambda: 0)

    monkeypatch.setattr(notify.subprocess, "Popen", start)
    shown = notify.Notifier()
    for count in (3, 4):
        for number in range(count):
            shown.uploaded(f"Naukri_{number}.pdf")
        shown.flush()
    assert said == [*(f"CV Uploaded - Naukri_{number}.pdf" for number in range(3)), "CV Uploaded - 4 files"]


# --- Folders, names, tokens, locks ------------------------------------------------------------------------------------


def test_the_data_folder_is_each_systems_own(windows, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    assert config.data_folder() == "/users/asha/local/cv-capture/monitor_data"
    monkeypatch.setattr(sys, "platform", "darwin")
    monkeypatch.setenv("HOME", "/Users/asha")
    assert config.data_folder() == "/Users/asha/Library/Application Support/cv-capture/monitor_data"


def test_windows_folders_come_from_the_registry(windows, monkeypatch):
    values = {"{374DE290-123F-4565-9164-39C4925E467B}": "$DRIVE/Downloads", "Personal": "/docs"}

    def query(key, name):
        if name not in values:
            raise FileNotFoundError(name)
        return values[name], 2

    registry = types.SimpleNamespace(
        HKEY_CURRENT_USER=1, OpenKey=lambda *_: contextlib.nullcontext(1), QueryValueEx=query
    )
    monkeypatch.setitem(sys.modules, "winreg", registry)
    monkeypatch.setenv("DRIVE", "/d")
    monkeypatch.setenv("OneDrive", "/onedrive")
    found = folders.default_folders("/users/asha")
    assert found == ["/d/Downloads", "/users/asha/Desktop", "/docs", "/onedrive/Downloads", "/onedrive/Desktop"]


def test_on_windows_a_file_is_the_same_in_any_case(monkeypatch):
    import ntpath

    monkeypatch.setattr(os.path, "normcase", ntpath.normcase)
    assert journal.key_of("C:\\Users\\Asha\\A.PDF", 1, 2) == journal.key_of("c:/users/asha/a.pdf", 1, 2)


@pytest.mark.parametrize(("blob", "token"), [("t0ken".encode("utf-16-le"), "t0ken"), (b"t0ken", "t0ken")])
def test_a_token_in_the_windows_credentials_is_found(windows, monkeypatch, tmp_path, blob, token):
    freed = []

    def read(target, kind, flags, found):
        assert (target, kind, flags) == ("cv-capture", 1, 0)
        credential = found._obj._type_()
        bytes_of = ctypes.cast(ctypes.create_string_buffer(blob), ctypes.POINTER(ctypes.c_char))
        credential.size, credential.blob = len(blob), bytes_of
        found._obj.contents = credential
        return 1

    library = types.SimpleNamespace(CredReadW=read, CredFree=freed.append)
    monkeypatch.setattr(ctypes, "WinDLL", lambda name, **_: library, raising=False)
    monkeypatch.delenv("CV_CAPTURE_AUTH_TOKEN", raising=False)
    assert credentials.token(str(tmp_path), config.read(str(tmp_path), {})) == token
    assert len(freed) == 1


def test_no_credential_on_windows_is_no_token(windows, monkeypatch, tmp_path):
    library = types.SimpleNamespace(CredReadW=lambda *_: 0)
    monkeypatch.setattr(ctypes, "WinDLL", lambda name, **_: library, raising=False)
    monkeypatch.delenv("CV_CAPTURE_AUTH_TOKEN", raising=False)
    assert credentials.token(str(tmp_path), config.read(str(tmp_path), {})) == ""


def test_the_windows_lock_is_one_byte_held_by_the_open_file(monkeypatch, tmp_path):
    held, asked = set(), []

    def locking(number, mode, size):
        asked.append((mode, size, os.lseek(number, 0, os.SEEK_CUR)))
        if held:
            raise PermissionError(13, "Permission denied")
        held.add(number)

    monkeypatch.setitem(sys.modules, "msvcrt", types.SimpleNamespace(LK_NBLCK=2, locking=locking))
    with named("nt"):
        file = lock.hold(str(tmp_path))
        assert lock.held(str(tmp_path))
        with pytest.raises(lock.AlreadyRunning):
            lock.hold(str(tmp_path))
        file.close()
    assert asked == 3 * [(2, 1, 0)]


def test_windows_files_are_read_while_their_user_may_rename_or_delete_them(monkeypatch, tmp_path):
    path, asked = tmp_path / "Naukri_A.pdf", []
    path.write_bytes(b"%PDF-1.4 %%EOF")

    def create(*words):
        asked.append(words)
        return os.open(words[0], os.O_RDONLY)

    library = types.SimpleNamespace(CreateFileW=create)
    monkeypatch.setattr(ctypes, "WinDLL", lambda name, **_: library, raising=False)
    monkeypatch.setitem(sys.modules, "msvcrt", types.SimpleNamespace(open_osfhandle=lambda handle, flags: handle))
    with named("nt"):
        assert b"".join(sender.blocks({"path": str(path), "size": 14})) == b"%PDF-1.4 %%EOF"
    (_, read, share, _, existing, _, _) = asked[0]
    assert (read, share, existing) == (0x80000000, 0x1 | 0x2 | 0x4, 3)


def test_a_child_on_windows_opens_no_window(monkeypatch, tmp_path):
    seen = {}
    monkeypatch.setattr(subprocess, "CREATE_NO_WINDOW", 0x08000000, raising=False)

    class Popen:
        stdin = open(os.devnull, "wb")  # noqa: SIM115

        def __init__(self, words, **options):
            seen.update(options)

    monkeypatch.setattr(subprocess, "Popen", Popen)
    child.Child({}, str(tmp_path), 0.0)
    assert seen["creationflags"] == 0x08000000
