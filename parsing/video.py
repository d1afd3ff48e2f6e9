"""What is in a video: how long it is, its size, its codecs, whether browsers can play it, and a poster picture.

Run in a limited child (`parsing.sandbox.probe_safely`). Pure: no Django, no network. Measures with PyAV where it is
installed, else with ffprobe and ffmpeg where they are on the PATH, else says that nothing could be measured.
"""

from __future__ import annotations

import base64
import importlib.util
import os
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from parsing import ffmpeg
from parsing.containers import refuse_cut_off
from parsing.reading import Unreadable

NOTHING_MEASURED = "The video is stored. Nothing could be measured: no video engine is installed here."
MOST_SECONDS = 12 * 3600
# The largest picture of H.264 level 6.2 and AV1 level 6.3, and its longest side (ITU-T H.264, A.3.1).
MOST_PIXELS, LONGEST_SIDE = 8192 * 4352, 16_888
POSTER_WIDTH, POSTER_BYTES = 640, 200_000
# The one demuxer that each extension may use: others follow playlists and links to other files.
DEMUXERS = {"mp4": "mov", "mov": "mov", "webm": "matroska", "mkv": "matroska"}
# What every current browser plays: https://developer.mozilla.org/docs/Web/Media/Guides/Formats
PLAYABLE = {
    "mp4": ({"h264", "av1", "vp9"}, {"aac", "mp3", "opus", "flac"}),
    "webm": ({"vp8", "vp9", "av1"}, {"opus", "vorbis"}),
}


@dataclass
class Found:
    """Seconds, pixels, frames a second; codecs by FFmpeg's names, the picture's first; the poster as JPEG."""

    duration_s: float | None
    width: int
    height: int
    frame_rate: float | None
    codecs: list[str]
    pixel_format: str = ""
    poster: bytes | None = field(default=None, repr=False)


def probe(path: str | os.PathLike[str], extension: str) -> dict[str, Any]:
    """The columns of an assessment, the poster in base64, and a `message` for a recruiter.

    Raises Unreadable for what is no video, cut off, without end or huge.
    """
    refuse_cut_off(path, extension)
    engine = _engine()
    if engine is None:
        return {"message": NOTHING_MEASURED}
    found = engine(os.fspath(path), DEMUXERS[extension], _check)
    return {
        "duration_s": None if found.duration_s is None else round(found.duration_s, 3),
        "width": found.width,
        "height": found.height,
        "frame_rate": None if found.frame_rate is None else round(found.frame_rate, 3),
        "codecs": found.codecs,
        "playable": plays(found, extension),
        "poster": base64.b64encode(found.poster).decode() if found.poster else None,
        "message": in_words(found, extension),
    }


def _engine() -> Callable[[str, str, Callable[[Found], None]], Found] | None:
    if importlib.util.find_spec("av"):
        from parsing.pyav import measure

        return measure
    return ffmpeg.measure if ffmpeg.available() else None


def _check(found: Found) -> None:
    """Asked before a picture is decoded, which is what costs memory."""
    if found.width * found.height > MOST_PIXELS or max(found.width, found.height) > LONGEST_SIDE:
        raise Unreadable("too_large", f"The picture is too large: {found.width} × {found.height} pixels.")
    if found.duration_s is not None and found.duration_s > MOST_SECONDS:
        raise Unreadable("too_large", f"The video is too long: it says {found.duration_s / 3600:.0f} hours.")


def plays(found: Found, extension: str) -> bool:
    pictures, sounds = PLAYABLE.get(extension, (set(), set()))
    eight_bits = not found.pixel_format or found.pixel_format in ("yuv420p", "yuvj420p")
    fits = bool(found.codecs) and found.codecs[0] in pictures and set(found.codecs[1:]) <= sounds
    return fits and (eight_bits or found.codecs[0] != "h264")


def in_words(found: Found, extension: str) -> str:
    """`1:05, 1280 × 720, 30 frames a second; plays in browsers`"""
    minutes, seconds = divmod(round(found.duration_s or 0), 60)
    hours, minutes = divmod(minutes, 60)
    length = f"{hours}:{minutes:02}:{seconds:02}" if hours else f"{minutes}:{seconds:02}"
    words = [length if found.duration_s is not None else "unknown length", f"{found.width} × {found.height}"]
    if found.frame_rate:
        words.append(f"{found.frame_rate:.4g} frames a second")
    return f"{', '.join(words)}; {'plays' if plays(found, extension) else 'does not play'} in browsers"
