"""The monitor's tests under each Python at hand: `make test-monitor`. Arguments go to pytest.

Tests and program both run on that Python, against one running system. Says which versions were found and which not.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

from ats.services.base import temporary_folder
from ats.tests.house import MANAGE, House
from capture.tests.monitor.conftest import AT_HAND, SUPPORTED

ROOT = MANAGE.parent
PINS = ROOT / "requirements-monitor.txt"
TESTS = Path(__file__).resolve().parent


def environment(python: str, folder: Path) -> str:
    """The Python of a fresh environment with pytest in it."""
    subprocess.run([python, "-m", "venv", folder], check=True)
    made = str(folder / "bin" / "python")
    install = [made, "-m", "pip", "install"]
    if shutil.which("uv"):
        install = ["uv", "pip", "install", "--python", made]
    subprocess.run([*install, "--quiet", "--require-hashes", "-r", str(PINS)], check=True)
    return made


def run(python: str, system: House, arguments: list[str]) -> int:
    """pytest's exit status. It is kept from the server's own configuration, whose packages are not there."""
    beside = {"ATS_URL": system.url, "ATS_TOKEN": system.tokens["ATS_TOKEN"], "MONITOR_PYTHON": "own",
              "MONITOR_MANAGE": json.dumps([sys.executable, str(MANAGE)])}  # fmt: skip
    alone = ["-c", "/dev/null", "--rootdir", str(ROOT), "--confcutdir", str(TESTS), "-p", "no:cacheprovider"]
    command = [python, "-m", "pytest", *alone, "-ra", str(TESTS), *arguments]
    return subprocess.run(command, cwd=ROOT, env=system.environment | beside, check=False).returncode


def main(arguments: list[str]) -> int:
    absent = ", ".join(version for version in SUPPORTED if version not in AT_HAND) or "none"
    print(f"Python at hand: {', '.join(AT_HAND)}; absent: {absent}.", flush=True)
    ended: dict[str, int] = {}
    with temporary_folder() as folder:
        system = House(folder)
        try:
            system.wait_until_ready()
            for version, python in AT_HAND.items():
                print(f"\nPython {version}", flush=True)
                ended[version] = run(environment(python, folder / version), system, arguments)
        finally:
            system.end()
    for version, status in ended.items():
        print(f"Python {version}: {'FAILED' if status else 'passed'}")
    return max(ended.values())


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
