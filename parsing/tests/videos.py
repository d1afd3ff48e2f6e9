"""Made-up videos, encoded with PyAV."""

from __future__ import annotations

import io
import struct
import tempfile
from pathlib import Path
from typing import Any

import av


def make_video(
    extension: str = "mp4", seconds: float = 2, size: tuple[int, int] = (320, 240), rate: int = 25,
    sound: bool = True, codec: str = "", **options: Any,
) -> bytes:  # fmt: skip
    """Some seconds of a grey picture that grows brighter, and silence."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"video.{extension}"  # an index that comes first is written by a second pass
        _write(path, seconds, size, rate, sound, codec, options)
        return path.read_bytes()


def make_sound(seconds: float = 1) -> bytes:
    file = io.BytesIO()
    with av.open(file, "w", format="mp4") as container:
        _silence(container, container.add_stream("aac", rate=48000), seconds)
    return file.getvalue()


def make_bomb() -> bytes:
    """Six kilobytes whose pictures say of themselves, and not in the container, that they have 65 500 × 65 500 pixels:
    the heights and widths of their JPEG frame headers (ITU-T T.81, B.2.2)."""
    content = make_video("mov", seconds=0.2, sound=False, codec="mjpeg")
    parts = content.split(b"\xff\xc0")
    return b"\xff\xc0".join([parts[0], *(part[:3] + struct.pack(">HH", 65500, 65500) + part[7:] for part in parts[1:])])


def _write(
    path: Path, seconds: float, size: tuple[int, int], rate: int, sound: bool, codec: str, options: dict[str, Any]
) -> None:
    extension = path.suffix[1:]
    with av.open(str(path), "w", options=options) as container:
        video = container.add_stream(codec or ("libvpx" if extension == "webm" else "libx264"), rate=rate)
        video.codec_context.color_range = 2 if codec == "mjpeg" else 1  # FFmpeg's numbers for full and limited
        video.width, video.height, video.pix_fmt = *size, "yuv420p"
        audio = container.add_stream("libopus" if extension == "webm" else "aac", rate=48000) if sound else None
        container.start_encoding()  # else a video without a frame is no file
        for number in range(int(seconds * rate)):
            container.mux(video.encode(_picture(size, number)))
        container.mux(video.encode(None))
        if audio:
            _silence(container, audio, seconds)


def _picture(size: tuple[int, int], number: int) -> av.VideoFrame:
    frame = av.VideoFrame(*size, "yuv420p")
    for index, plane in enumerate(frame.planes):
        plane.update(bytes([min(255, number + 60) if index == 0 else 128]) * plane.buffer_size)
    return frame


def _silence(container: Any, audio: Any, seconds: float) -> None:
    samples = audio.codec_context.frame_size or 960
    for number in range(int(seconds * 48000 / samples)):
        frame = av.AudioFrame(
            format="fltp" if audio.codec_context.name == "aac" else "flt", layout="stereo", samples=samples
        )
        for plane in frame.planes:
            plane.update(bytes(plane.buffer_size))
        frame.sample_rate, frame.pts = 48000, number * samples
        container.mux(audio.encode(frame))
    container.mux(audio.encode(None))
