"""A word on the desktop, by each system's own means, and nothing at all where there is none."""

from __future__ import annotations

import subprocess
import sys

GROUP_FROM = 4
WINDOWS = """
[Windows.UI.Notifications.ToastNotificationManager, Windows.UI.Notifications, ContentType = WindowsRuntime] | Out-Null
$xml = [Windows.UI.Notifications.ToastNotificationManager]::GetTemplateContent(0)
$text = [Text.Encoding]::UTF8.GetString([Convert]::FromBase64String('%s'))
$xml.GetElementsByTagName('text').Item(0).AppendChild($xml.CreateTextNode($text)) | Out-Null
$id = '{1AC14E77-02E7-4E5D-B744-2EB1AE5198B7}\\WindowsPowerShell\\v1.0\\powershell.exe'
[Windows.UI.Notifications.ToastNotificationManager]::CreateToastNotifier($id).Show($xml)
"""


def command(text: str) -> list[str]:
    """The program that shows `text` on this system."""
    if sys.platform == "win32":
        import base64

        # as base64, because PowerShell takes four other characters for quotes as well: a file's name must not run
        said = base64.b64encode(text.encode("utf-8", "replace")).decode()
        script = base64.b64encode((WINDOWS % said).encode("utf-16-le")).decode()
        return ["powershell", "-NoProfile", "-NonInteractive", "-EncodedCommand", script]
    if sys.platform == "darwin":
        script = 'on run argv\ndisplay notification (item 1 of argv) with title "CV capture"\nend run'
        return ["osascript", "-e", script, text]
    return ["notify-send", "--app-name=CV capture", "--", text]


class Notifier:
    """Shows notices without waiting for them; a burst becomes one."""

    def __init__(self) -> None:
        self.silent = False
        self._shown: list[subprocess.Popen] = []
        self._uploaded: list[str] = []

    def uploaded(self, name: str) -> None:
        """Remembers a CV that is in; `flush` tells."""
        self._uploaded.append(name)

    def flush(self) -> None:
        """Tells what came in since the last time, and collects the programs that have ended."""
        names, self._uploaded = self._uploaded, []
        if len(names) >= GROUP_FROM:
            names = ["%d files" % len(names)]
        for name in names:
            self.show("CV Uploaded - " + name)
        self._shown = [process for process in self._shown if process.poll() is None]

    def show(self, text: str) -> None:
        """Shows one notice, if this system can and the user wants it."""
        if self.silent:
            return
        try:
            self._shown.append(
                subprocess.Popen(
                    command(text),
                    stdin=subprocess.DEVNULL,
                    stdout=subprocess.DEVNULL,
                    stderr=subprocess.DEVNULL,
                    creationflags=getattr(subprocess, "CREATE_NO_WINDOW", 0),
                )
            )
        except OSError:
            return

    def close(self) -> None:
        """Ends what still shows."""
        for process in self._shown:
            if process.poll() is None:
                process.kill()
            process.wait()
