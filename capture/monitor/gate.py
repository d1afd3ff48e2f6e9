"""Who is watched: a recruiter whose settings say so, and nobody else."""

from __future__ import annotations

import re

from config import Settings


def fold(text: str) -> str:
    """A designation without its spelling: case, spaces, dashes and underscores do not count."""
    return " ".join(re.split(r"[\W_]+", text.casefold())).strip()


def closed_because(settings: Settings) -> str:
    """Why this computer is not to be watched, in words for the log; empty when it is."""
    if not settings.enabled:
        return "disabled in config"
    if not isinstance(settings.designation, str) or not fold(settings.designation):
        return "no designation in config"
    if fold(settings.designation) not in {fold(name) for name in settings.designations}:
        return "designation is not on the list"
    if not settings.api_url:
        return "no api_url in config"
    return settings.held_back
