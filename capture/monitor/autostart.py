"""Start at sign-in, without administrator rights: systemd, a LaunchAgent, or the Task Scheduler."""

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
WINDOWS = """<?xml version="1.0" encoding="UTF-16"?>
<Task version="1.2" xmlns="http://schemas.microsoft.com/windows/2004/02/mit/task">
<Triggers><LogonTrigger><Enabled>true</Enabled></LogonTrigger></Triggers>
<Settings><MultipleInstancesPolicy>IgnoreNew</MultipleInstancesPolicy>
<DisallowStartIfOnBatteries>false</DisallowStartIfOnBatteries><StopIfGoingOnBatteries>false</StopIfGoingOnBatteries>
<ExecutionTimeLimit>PT0S</ExecutionTimeLimit>
<RestartOnFailure><Interval>PT1M</Interval><Count>99</Count></RestartOnFailure></Settings>
<Actions><Exec><Command>%s</Command><Arguments>%s</Arguments></Exec></Actions>
</Task>
"""


def program(folder: str) -> list[str]:
    """The command line that watches with this data folder."""
    words = child.command()[:-1]
    return [child.without_console(words[0]), *words[1:], "--data", folder, "run"]


def plan(folder: str) -> tuple[str, str, list[list[str]], list[list[str]]]:
    """(file, its text, commands to install, commands to uninstall) for this system."""
    home = os.path.expanduser("~")
    words = program(folder)
    if sys.platform == "win32":
        path = os.path.join(folder, NAME + ".xml")
        text = WINDOWS % (escape(words[0]), escape(subprocess.list2cmdline(words[1:])))
        create = ["schtasks", "/Create", "/F", "/TN", NAME, "/XML", path]
        return (
            path,
            text,
            [create, ["schtasks", "/Run", "/TN", NAME]],
            [["schtasks", "/End", "/TN", NAME], ["schtasks", "/Delete", "/F", "/TN", NAME]],
        )
    if sys.platform == "darwin":
        path = os.path.join(home, "Library", "LaunchAgents", NAME + ".plist")
        text = LAUNCHD % "".join("<string>%s</string>" % escape(word) for word in words)
        return path, text, [["launchctl", "load", "-w", path]], [["launchctl", "unload", "-w", path]]
    base = os.environ.get("XDG_CONFIG_HOME") or os.path.join(home, ".config")
    path = os.path.join(base, "systemd", "user", NAME + ".service")
    quoted = " ".join('"%s"' % word.replace("\\", "\\\\").replace('"', '\\"').replace("%", "%%") for word in words)
    control = ["systemctl", "--user"]
    return (
        path,
        SYSTEMD % quoted,
        [[*control, "daemon-reload"], [*control, "enable", "--now", NAME]],
        [[*control, "disable", "--now", NAME]],
    )


def install(folder: str, dry_run: bool) -> int:
    """Writes the start-up file and starts the monitor; settings are begun from the example if there are none."""
    path, text, commands, _ = plan(folder)
    settings = os.path.join(folder, "config.json")
    if dry_run:
        print("would write %s:\n%s" % (path, text))
    else:
        if not os.path.exists(settings):
            with open(settings, "w", encoding="utf-8") as file:
                file.write(example())
            print("wrote %s: fill in designation and api_url, set enabled to true" % settings)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "w", encoding="utf-16" if sys.platform == "win32" else "utf-8") as file:
            file.write(text)
        print("wrote " + path)
    return _run(commands, dry_run)


def uninstall(folder: str, dry_run: bool) -> int:
    """Stops the monitor and removes the start-up file."""
    path, _, _, commands = plan(folder)
    _run(commands, dry_run)
    if dry_run:
        print("would remove " + path)
    elif os.path.exists(path):
        os.unlink(path)
        print("removed " + path)
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
