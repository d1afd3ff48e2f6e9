"""Dies by SIGKILL on entering a function, as if the power had gone: see `crash_settings`."""

from __future__ import annotations

import functools
import os
import signal
from importlib import import_module
from pathlib import Path
from typing import Any

from django.apps import AppConfig

ORDERS = "CRASH_ORDERS"  # a folder; a file in it that is named `module:function` is an order to die there


class Crashing(AppConfig):
    name = "ats.tests"
    label = "crashing"

    def ready(self) -> None:
        for place in os.environ["CRASH_PLACES"].split(","):
            module_name, _, path = place.partition(":")
            owner: Any = import_module(module_name)
            *outer, name = path.split(".")
            for part in outer:
                owner = getattr(owner, part)
            setattr(owner, name, _deadly(place, getattr(owner, name)))


def _deadly(place: str, function: Any) -> Any:
    @functools.wraps(function)
    def call(*args: Any, **kwargs: Any) -> Any:
        order = Path(os.environ[ORDERS]) / place
        if order.exists():
            whom = order.read_text()
            if whom != "always":
                order.unlink()
            if whom == "with parent":
                os.kill(os.getppid(), signal.SIGKILL)
            os.kill(os.getpid(), signal.SIGKILL)
        return function(*args, **kwargs)

    return call
