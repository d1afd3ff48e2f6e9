"""Measuring a video with PyAV (FFmpeg's libraries in a wheel). Imported in a limited child only."""

from __future__ import annotations

import time
from collections.abc import Callable
from fractions import Fraction
from typing import TYPE_CHECKING

import av
from av.error import FFmpegError

from parsing.containers import DAMAGED
from parsing.reading import Unreadable

if TYPE_CHECKING:
    from parsing.video import Found

SCAN_SECONDS = 20.0
POSTER_AT = 0.1  # of the length: the first picture is often black
POSTER_TRIES = 100  # pictures


def measure(path: str, demuxer: str, check: Callable[[Found], None]) -> Found:
    try:
        with av.open(f"file:{path}", format=demuxer, options={"protocol_whitelist": "file"}) as container:
            return _measure(container, check)
    except (FFmpegError, ValueError) as error:
        raise Unreadable("damaged", DAMAGED) from error


def _measure(container: av.container.InputContainer, check: Callable[[Found], None]) -> Found:
    from parsing.video import Found

    if not container.streams.video:
        raise Unreadable("damaged", "The file holds no moving picture.")
    video = container.streams.video[0]
    video.codec_context.thread_count = 1
    others = [stream.codec_context.name for stream in container.streams.audio]
    rate = video.average_rate or video.guessed_rate
    stated = container.duration or 0
    duration = stated / av.time_base if stated > 0 else _scan(container)
    found = Found(
        duration_s=duration,
        width=video.codec_context.width,
        height=video.codec_context.height,
        frame_rate=float(rate) if rate else None,
        codecs=[video.codec_context.codec.canonical_name, *others],
        pixel_format=video.codec_context.pix_fmt or "",
    )
    check(found)
    found.poster = _poster(container, video, duration)
    return found


def _scan(container: av.container.InputContainer) -> float | None:
    """A recording made by a browser does not say its length: its last packet does."""
    last, end = 0.0, time.monotonic() + SCAN_SECONDS
    for packet in container.demux(video=0):
        if packet.pts is not None and packet.time_base is not None:
            last = max(last, float((packet.pts + (packet.duration or 0)) * packet.time_base))
        if time.monotonic() > end:
            raise Unreadable("too_slow", "The video says no length, and no end was found.")
    container.seek(0)
    return last or None


def _poster(container: av.container.InputContainer, video: av.VideoStream, duration: float | None) -> bytes:
    if duration:
        container.seek(int(duration * POSTER_AT * av.time_base))
    for _, frame in zip(range(POSTER_TRIES), container.decode(video), strict=False):
        return _jpeg(frame)
    raise Unreadable("damaged", "The video holds no picture that can be shown.")


def _jpeg(frame: av.VideoFrame) -> bytes:
    from parsing.video import POSTER_BYTES, POSTER_WIDTH

    width = min(POSTER_WIDTH, frame.width) // 2 * 2 or 2
    height = max(2, round(frame.height * width / frame.width) // 2 * 2)
    small = frame.reformat(width=width, height=height, format="yuvj420p")
    encoder = av.CodecContext.create("mjpeg", "w")
    encoder.width, encoder.height, encoder.pix_fmt = width, height, "yuvj420p"
    encoder.time_base = Fraction(1, 25)  # it wants one, and a picture has none
    picture = b"".join(bytes(packet) for packet in [*encoder.encode(small), *encoder.encode(None)])
    return picture if len(picture) <= POSTER_BYTES else b""
