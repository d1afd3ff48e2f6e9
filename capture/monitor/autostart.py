"""Start at sign-in, without administrator rights: systemd or a desktop entry, a LaunchAgent, the Task Scheduler."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from xml.sax.saxutils import escape

import child

NAME = "cv-capture-monitor"
SYSTEMD = """[Unit]
Description=Sends downloaded CVs to the ATS
After=network-online.target

[Service]
ExecStart=%s
Restart=on-failure
RestartSec=10
MemoryMax=64M
NoNewPrivileges=yes

[Install]
WantedBy=default.target
"""
# https://specifications.freedesktop.org/autostart-spec: for a Linux without systemd
DESKTOP = """[Desktop Entry]
Type=Application
Name=CV capture
Exec=%s
X-GNOME-Autostart-enabled=true
"""
LAUNCHD = """<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE plist PUBLIC "-//Apple//DTD PLIST 1.0//EN" "http://www.apple.com/DTDs/PropertyList-1.0.dtd">
<plist version="1.0"><dict>
<key>Label</key><string>cv-capture-monitor</string>
<key>ProgramArguments</key><array>%s</array>
<key>RunAtLoad</key><true/>
<key>KeepAlive</key><dict><key>SuccessfulExit</key><false/></dict>
<key>ProcessType</key><string>Background</string>
</dict></plist>
"""
# the user is named, for a task that starts when anybody signs in takes an administrator
WINDOWS = """<?xml version="1.0" encoding="UTF-16"?>
<Task version="1.2" xmlns="http://schemas.microsoft.com/windows/2004/02/mit/task">
<Triggers><LogonTrigger><Enabled>true</Enabled><UserId>%(user)s</UserId></LogonTrigger></Triggers>
<Principals><Principal id="Author"><UserId>%(user)s</UserId><LogonType>InteractiveToken</LogonType>
<RunLevel>LeastPrivilege</RunLevel></Principal></Principals>
<Settings><MultipleInstancesPolicy>IgnoreNew</MultipleInstancesPolicy>
<DisallowStartIfOnBatteries>false</DisallowStartIfOnBatteries><StopIfGoingOnBatteries>false</StopIfGoingOnBatteries>
<ExecutionTimeLimit>PT0S</ExecutionTimeLimit>
<RestartOnFailure><Interval>PT1M</Interval><Count>99</Count></RestartOnFailure></Settings>
<Actions Context="Author"><Exec><Command>%(command)s</Command><Arguments>%(arguments)s</Arguments></Exec></Actions>
</Task>
"""


def program(folder: str) -> list[str]:
    """The command line that watches with this data folder."""
    words = child.command()[:-1]
    return [child.without_console(words[0]), *words[1:], "--data", folder, "run"]


class Plan:
    """One file, and the commands that start and stop what it describes."""

    def __init__(self, path: str, text: str, start: list[list[str]], stop: list[list[str]]) -> None:
        self.path, self.text, self.start, self.stop = path, text, start, stop


def plan(folder: str) -> Plan:
    """What this system needs to start the monitor at sign-in."""
    home, words = os.path.expanduser("~"), program(folder)
    if sys.platform == "win32":
        return _task(folder, words)
    if sys.platform == "darwin":
        path = os.path.join(home, "Library", "LaunchAgents", NAME + ".plist")
        text = LAUNCHD % "".join("<string>%s</string>" % escape(word) for word in words)
        return Plan(path, text, [["launchctl", "load", "-w", path]], [["launchctl", "unload", "-w", path]])
    base = os.environ.get("XDG_CONFIG_HOME") or os.path.join(home, ".config")
    line = " ".join('"%s"' % word.replace("\\", "\\\\").replace('"', '\\"').replace("%", "%%") for word in words)
    if not shutil.which("systemctl"):
        return Plan(os.path.join(base, "autostart", NAME + ".desktop"), DESKTOP % line, [], [])
    path, control = os.path.join(base, "systemd", "user", NAME + ".service"), ["systemctl", "--user"]
    start = [[*control, "daemon-reload"], [*control, "enable", "--now", NAME]]
    return Plan(path, SYSTEMD % line, start, [[*control, "disable", "--now", NAME]])


def _task(folder, words):
    user = "\\".join(filter(None, (os.environ.get("USERDOMAIN"), os.environ.get("USERNAME"))))
    facts = {"user": user, "command": words[0], "arguments": subprocess.list2cmdline(words[1:])}
    path = os.path.join(folder, NAME + ".xml")
    start = [["schtasks", "/Create", "/F", "/TN", NAME, "/XML", path], ["schtasks", "/Run", "/TN", NAME]]
    stop = [["schtasks", "/End", "/TN", NAME], ["schtasks", "/Delete", "/F", "/TN", NAME]]
    text = WINDOWS % {name: escape(value) for name, value in facts.items()}
    return Plan(path, text, start, stop)


def install(folder: str, dry_run: bool) -> int:
    """Writes the start-up file and starts the monitor; settings are begun from the example if there are none.

    What was installed before is stopped first, so that the new definition counts.
    """
    wanted = plan(folder)
    if dry_run:
        print("would write %s:\n%s" % (wanted.path, wanted.text))
        return _run(wanted.start, dry_run)
    settings = os.path.join(folder, "config.json")
    if not os.path.exists(settings):
        with open(settings, "w", encoding="utf-8") as file:
            file.write(example())
        print("wrote %s: fill in designation and api_url, set enabled to true" % settings)
    if os.path.exists(wanted.path):
        _run(wanted.stop, dry_run)
    os.makedirs(os.path.dirname(wanted.path), exist_ok=True)
    with open(wanted.path, "w", encoding="utf-16" if sys.platform == "win32" else "utf-8") as file:
        file.write(wanted.text)
    print("wrote " + wanted.path)
    if not wanted.start:
        print("it starts at the next sign-in; until then: " + " ".join(program(folder)))
    return _run(wanted.start, dry_run)


def uninstall(folder: str, dry_run: bool) -> int:
    """Stops the monitor and removes the start-up file."""
    wanted = plan(folder)
    if not os.path.exists(wanted.path):
        print("not installed")
        return 0
    _run(wanted.stop, dry_run)
    if dry_run:
        print("would remove " + wanted.path)
    else:
        os.unlink(wanted.path)
        print("removed " + wanted.path)
    return 0


def example() -> str:
    """The text of the shipped `config.example.json`, from a folder, a zipapp or a frozen build."""
    import pkgutil

    found = pkgutil.get_data(__name__, "config.example.json")
    if found is None:
        raise FileNotFoundError("config.example.json is not part of this program")
    return found.decode()


def _run(commands, dry_run):
    failed = 0
    for command in commands:
        line = " ".join(command)
        if dry_run:
            print("would run " + line)
        elif not shutil.which(command[0]) or subprocess.run(command, check=False).returncode:
            print("did not work, run it by hand: " + line)
            failed = 1
    return failed
