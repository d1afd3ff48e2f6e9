"""The settings, `.env.example` and docs/configuration.md name the same things with the same defaults."""

from __future__ import annotations

import itertools
import os
import re
import subprocess
import sys
from pathlib import Path

from ats import settings

ROOT = Path(settings.BASE_DIR)
COMPOSE_ONLY = {
    "POSTGRES_PASSWORD",
    "POSTGRES_APP_PASSWORD",
    "REDIS_PASSWORD",
    "HTTP_PORT",
    "TLS_DIR",
    "WEB_CONCURRENCY",
    "WORKER_CONCURRENCY",
}
DUMP = """
from ats import settings
print({name: repr(getattr(settings, name)) for name in dir(settings) if name.isupper()})
"""


def env_example() -> dict[str, str]:
    """Name → default of every setting in `.env.example`, all of them commented out."""
    lines = (ROOT / ".env.example").read_text().splitlines()
    return dict(re.fullmatch(r"#([A-Z0-9_]+)=(.*)", line).groups() for line in lines if re.match(r"#[A-Z0-9_]+=", line))


def configuration_page() -> dict[str, str]:
    """Name → default of every table row on the page that begins with a setting."""
    rows = re.findall(r"^\| `([A-Z0-9_]+)` \| (.+?) \| .+ \|$", (ROOT / "docs/configuration.md").read_text(), re.M)
    return {name: "" if default == "–" else default.strip("`") for name, default in rows}


def settings_with(values: dict[str, str], folder: Path) -> str:
    """All settings of a process that is started with these values. Empty ones hide a developer's own `.env`."""
    environment = {"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT), **values}
    return subprocess.run(
        [sys.executable, "-c", DUMP], env=environment, cwd=folder, check=True, capture_output=True, text=True
    ).stdout


def test_env_example_names_every_setting_and_no_other():
    assert set(env_example()) - COMPOSE_ONLY == settings.env.known


def test_every_setting_in_env_example_has_one_line_that_says_what_it_means():
    lines = (ROOT / ".env.example").read_text().splitlines()
    for before, line in itertools.pairwise(lines):
        if re.match(r"#[A-Z0-9_]+=", line):
            assert re.match(r"# \w", before), f"nothing stands above {line}"


def test_a_line_of_env_example_made_active_changes_nothing(tmp_path):
    known = {name: default for name, default in env_example().items() if name not in COMPOSE_ONLY}

    assert settings_with(known, tmp_path) == settings_with(dict.fromkeys(known, ""), tmp_path)


def test_the_configuration_page_gives_every_setting_the_same_default():
    assert configuration_page() == env_example()


def test_the_names_of_docker_compose_may_stand_in_the_same_file():
    from ats.environment import FOREIGN

    assert COMPOSE_ONLY <= FOREIGN
