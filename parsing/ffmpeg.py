"""Measuring a video with the programs ffprobe and ffmpeg. They inherit the limits of the child that starts them."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from parsing.containers import DAMAGED
from parsing.reading import Unreadable

if TYPE_CHECKING:
    from parsing.video import Found

SECONDS = 20  # for each of the two
QUIET = ["-v", "error", "-protocol_whitelist", "file,pipe"]


def available() -> bool:
    return bool(shutil.which("ffprobe") and shutil.which("ffmpeg"))


def measure(path: str, demuxer: str, check: Callable[[Found], None]) -> Found:
    source = ["-f", demuxer, "-i", f"file:{path}"]
    answer = _run(["ffprobe", *QUIET, "-of", "json", "-show_format", "-show_streams", *source])
    found = _found(json.loads(answer))
    if not found.duration_s:
        found.duration_s = _scan(source)
    check(found)
    at = f"{(found.duration_s or 0) * 0.1:.3f}"
    scale = "scale='min(640,iw)':-2"
    shot = ["ffmpeg", "-nostdin", *QUIET, "-threads", "1", "-ss", at, *source]
    found.poster = _run([*shot, "-frames:v", "1", "-vf", scale, "-f", "mjpeg", "pipe:1"])
    return found


def _found(answer: dict[str, Any]) -> Found:
    from parsing.video import Found

    streams = answer.get("streams", [])
    pictures = [stream for stream in streams if stream.get("codec_type") == "video"]
    if not pictures:
        raise Unreadable("damaged", "The file holds no moving picture.")
    video, duration = pictures[0], float(answer.get("format", {}).get("duration", 0))
    above, _, below = video.get("avg_frame_rate", "0/0").partition("/")
    sounds = [stream.get("codec_name", "") for stream in streams if stream.get("codec_type") == "audio"]
    return Found(
        duration_s=duration if duration > 0 else None,
        width=video.get("width", 0),
        height=video.get("height", 0),
        frame_rate=int(above) / int(below) if int(below or 0) else None,
        codecs=[video.get("codec_name", ""), *sounds],
        pixel_format=video.get("pix_fmt", ""),
    )


def _scan(source: list[str]) -> float | None:
    """A recording made by a browser does not say its length: its last packet does."""
    asked = ["-select_streams", "v:0", "-show_entries", "packet=pts_time,duration_time", "-of", "csv=p=0"]
    lines = _run(["ffprobe", *QUIET, *asked, *source]).decode().splitlines()
    ends = [sum(float(number) for number in line.split(",") if number not in ("", "N/A")) for line in lines]
    return max(ends, default=0) or None


def _run(command: list[str]) -> bytes:
    try:
        done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, timeout=SECONDS, check=False)
    except subprocess.TimeoutExpired as error:
        raise Unreadable("too_slow") from error
    if done.returncode or not done.stdout:
        raise Unreadable("damaged", DAMAGED)
    return done.stdout
