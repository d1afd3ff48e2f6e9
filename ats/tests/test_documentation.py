"""What the pages say exists: commands that are named, a tour that is the script."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from django.core.management import get_commands

from ats import settings

ROOT = Path(settings.BASE_DIR)
PAGES = [ROOT / "README.md", ROOT / "CHANGELOG.md", *sorted(ROOT.glob("docs/**/*.md"))]
BUILT_IN = {"axes_reset", "changepassword", "check", "createsuperuser", "migrate", "collectstatic", "shell"}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_command_that_a_page_names_exists(page):
    commands = set(get_commands())
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.M))

    assert set(re.findall(r"manage\.py ([a-z_]+)", page.read_text())) <= commands | BUILT_IN
    assert set(re.findall(r"(?:^|`)make ([a-z-]+)", page.read_text(), re.M)) <= targets


def test_the_tour_of_the_readme_is_the_script():
    readme, script = (ROOT / "README.md").read_text(), (ROOT / "examples/tour.sh").read_text()
    tour = readme[readme.index("A few words to save typing") : readme.index("Run it again")]
    told = [line for block in re.findall(r"```sh\n(.*?)```", tour, re.S) for line in block.splitlines() if line]
    after = script[script.index("# --- as in the README ---") :]
    done = [line for line in after.splitlines()[1:] if line and not line.startswith("say")]

    assert told == done


def test_every_test_that_a_page_names_exists():
    code = "".join(path.read_text() for path in ROOT.glob("*/tests/**/*.py"))
    tests = set(re.findall(r"^def (test_\w+)", code, re.M))
    for page in PAGES:
        assert set(re.findall(r"`(test_\w+)`", page.read_text())) <= tests, page.name
