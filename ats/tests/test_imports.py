"""Imports only point down: a floor knows the floors below it, never one above or beside it."""

from __future__ import annotations

import ast
import sys
from pathlib import Path

import pytest
from django.conf import settings

ROOT = Path(settings.BASE_DIR)
MAY = {
    "uploads": set(),
    "capture": {"uploads"},
    "candidates": {"uploads"},
    "parsing": {"uploads", "candidates"},
    "ats": {"uploads", "capture", "candidates", "parsing"},
}
MONITOR = ROOT / "capture" / "monitor"


def sources(app):
    """The app's own files: its tests build a whole house, and the monitor lives on other machines."""
    files = (ROOT / app).rglob("*.py")
    return [file for file in files if "tests" not in file.parts and MONITOR not in file.parents]


def imported(file):
    """Top-level names of everything that a file imports, wherever in it the import stands."""
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name.partition(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert not node.level or file.is_relative_to(MONITOR), f"{file} imports by dots"
            yield (node.module or "").partition(".")[0]


@pytest.mark.parametrize("app", MAY)
def test_an_app_imports_only_from_below(app):
    for file in sources(app):
        ours = set(imported(file)) & set(MAY) - {app}
        assert ours <= MAY[app], f"{file.relative_to(ROOT)} imports {ours - MAY[app]}"


def test_every_app_has_its_floor():
    apps = {app.partition(".")[0] for app in settings.INSTALLED_APPS}
    assert {app for app in apps if (ROOT / app).is_dir()} == set(MAY)


def test_the_monitor_imports_nothing_but_the_standard_library_and_its_own_files():
    own = {file.stem for file in MONITOR.glob("*.py")}
    assert own
    for file in MONITOR.glob("*.py"):
        strange = set(imported(file)) - own - set(sys.stdlib_module_names) - {""}
        assert not strange, f"{file.name} imports {strange}"


def test_the_store_alone_knows_where_files_lie():
    allowed = {"uploads", "ats"}  # the services of the tests speak to S3 themselves
    for app in set(MAY) - allowed:
        for file in sources(app):
            assert not {"boto3", "botocore", "storages"} & set(imported(file)), file
