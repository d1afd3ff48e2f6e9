"""Builds the one-file program: `python capture/monitor/build.py [FILE]` (default `dist/cv-capture-monitor.pyz`)."""

import os
import sys
import zipapp

HERE = os.path.dirname(os.path.abspath(__file__))


def build(target: str) -> str:
    """Packs the modules of this folder; any Python from 3.8 on runs the result."""
    os.makedirs(os.path.dirname(os.path.abspath(target)), exist_ok=True)
    shipped = {name for name in os.listdir(HERE) if name.endswith((".py", ".json")) and name != "build.py"}
    zipapp.create_archive(
        HERE, target, interpreter="/usr/bin/env python3", compressed=True, filter=lambda path: str(path) in shipped
    )
    return target


if __name__ == "__main__":
    print(build(sys.argv[1] if len(sys.argv) > 1 else os.path.join("dist", "cv-capture-monitor.pyz")))
