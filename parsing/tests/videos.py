"""Made-up videos, encoded with PyAV."""

from __future__ import annotations

import io
import tempfile
from pathlib import Path
from typing import Any

import av


def make_video(
    extension: str = "mp4", seconds: float = 2, size: tuple[int, int] = (320, 240), rate: int = 25,
    sound: bool = True, **options: Any,
) -> bytes:  # fmt: skip
    """Some seconds of a grey picture that grows brighter, and silence."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"video.{extension}"  # an index that comes first is written by a second pass
        _write(path, seconds, size, rate, sound, options)
        return path.read_bytes()


def make_sound(seconds: float = 1) -> bytes:
    file = io.BytesIO()
    with av.open(file, "w", format="mp4") as container:
        _silence(container, container.add_stream("aac", rate=48000), seconds)
    return file.getvalue()


def _write(path: Path, seconds: float, size: tuple[int, int], rate: int, sound: bool, options: dict[str, Any]) -> None:
    extension = path.suffix[1:]
    with av.open(str(path), "w", options=options) as container:
        codec = "libvpx" if extension == "webm" else "libx264"
        video = container.add_stream(codec, rate=rate)
        video.width, video.height, video.pix_fmt = *size, "yuv420p"
        audio = container.add_stream("libopus" if extension == "webm" else "aac", rate=48000) if sound else None
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
