"""Measuring videos with either engine: what good ones say, and why bad ones fail."""

import base64
import json
import shutil
import struct
import subprocess
import sys
from pathlib import Path

import pytest

pytest.importorskip("av")  # requirements-video.txt

from parsing import Unreadable
from parsing.containers import CUT_OFF, DAMAGED
from parsing.sandbox import CLEAN_ENVIRONMENT, probe_safely
from parsing.tests.videos import make_bomb, make_sound, make_video
from parsing.video import NOTHING_MEASURED

ROOT = Path(__file__).resolve().parents[2]
WITHOUT_PYAV = "import sys; sys.modules['av'] = None; from parsing import sandbox; sandbox.answer_once()"


def probe_without_pyav(path, extension, search_path=None):
    """As `probe_safely`, in an interpreter that finds no PyAV, and programs only on `search_path`."""
    request = json.dumps({"work": "video", "path": str(path), "extension": extension})
    environment = CLEAN_ENVIRONMENT | ({} if search_path is None else {"PATH": str(search_path)})
    run = {"input": request, "env": environment, "cwd": ROOT, "capture_output": True, "text": True, "check": True}
    answer = json.loads(subprocess.run([sys.executable, "-c", WITHOUT_PYAV], **run).stdout)
    if "error" in answer:
        raise Unreadable(answer["error"], answer["reason"])
    return answer


@pytest.fixture(params=["PyAV", "ffmpeg"])
def measured(request, tmp_path):
    """Measures bytes as the background does: in a limited child."""
    if request.param == "ffmpeg" and not (shutil.which("ffmpeg") and shutil.which("ffprobe")):
        pytest.skip("ffmpeg and ffprobe are not on the PATH")

    def measure(content, extension="mp4"):
        path = tmp_path / f"video.{extension}"
        path.write_bytes(content)
        return (probe_safely if request.param == "PyAV" else probe_without_pyav)(path, extension)

    return measure


GOOD = [
    ("mp4", ["h264", "aac"], True),
    ("mov", ["h264", "aac"], False),
    ("webm", ["vp8", "opus"], True),
    ("mkv", ["h264", "aac"], False),
]


@pytest.mark.parametrize(("extension", "codecs", "playable"), GOOD)
def test_a_good_video_says_what_it_is(measured, extension, codecs, playable):
    found = measured(make_video(extension), extension)
    poster = base64.b64decode(found.pop("poster"))
    assert found.pop("duration_s") == pytest.approx(2, abs=0.1)
    ending = "plays in browsers" if playable else "does not play in browsers"
    assert found == {
        "width": 320,
        "height": 240,
        "frame_rate": 25.0,
        "codecs": codecs,
        "playable": playable,
        "message": f"0:02, 320 × 240, 25 frames a second; {ending}",
    }
    assert poster.startswith(b"\xff\xd8")
    assert poster.endswith(b"\xff\xd9")


def test_vp9_in_webm_plays_and_mpeg_4_part_2_does_not(measured):
    assert measured(make_video("webm", codec="libvpx-vp9", seconds=0.2), "webm")["playable"]
    found = measured(make_video(codec="mpeg4", seconds=0.2))
    assert (found["codecs"], found["playable"]) == (["mpeg4", "aac"], False)


def test_a_video_without_sound_is_a_video(measured):
    assert measured(make_video(sound=False))["codecs"] == ["h264"]


def test_a_large_picture_fits_in_the_limits_and_its_poster_is_small(measured):
    found = measured(make_video(size=(3840, 2160), seconds=0.4, sound=False))
    assert (found["width"], found["height"]) == (3840, 2160)
    assert len(base64.b64decode(found["poster"])) < 200_000


def test_a_recording_that_does_not_say_its_length_is_measured_by_its_packets(measured):
    """As the MediaRecorder of browsers makes them."""
    found = measured(make_video("webm", live="1"), "webm")
    assert found["duration_s"] == pytest.approx(2, abs=0.1)


def test_a_fragmented_video_is_a_video(measured):
    found = measured(make_video(movflags="frag_keyframe+empty_moov"))
    assert found["duration_s"] == pytest.approx(2, abs=0.1)


@pytest.mark.parametrize("extension", ["mp4", "mov", "webm", "mkv"])
@pytest.mark.parametrize("kept", [0.3, 0.9, 0.999])
def test_a_video_cut_off_fails(measured, extension, kept):
    content = make_video(extension)
    with pytest.raises(Unreadable) as fault:
        measured(content[: int(len(content) * kept)], extension)
    assert fault.value.reason == CUT_OFF


def test_a_video_whose_index_comes_first_and_whose_end_is_missing_fails(measured):
    content = make_video(movflags="faststart")
    with pytest.raises(Unreadable, match="cut off"):
        measured(content[:-500])


NO_VIDEOS = [
    b"\0\0\0\x18ftypisom" + b"noise" * 500,
    b"\x1aE\xdf\xa3" + b"\x9f" * 900,
    b"no video" * 100,
    b"\0" * 900,
    b"",
]


@pytest.mark.parametrize("content", NO_VIDEOS)
@pytest.mark.parametrize("extension", ["mp4", "webm"])
def test_what_is_no_video_fails_with_a_reason(measured, content, extension):
    with pytest.raises(Unreadable) as fault:
        measured(content, extension)
    assert fault.value.reason in (DAMAGED, CUT_OFF)


def test_a_playlist_is_not_followed(measured, tmp_path):
    (tmp_path / "secret.ts").write_bytes(b"secret")
    with pytest.raises(Unreadable):
        measured(b"#EXTM3U\n#EXTINF:1,\nsecret.ts\n#EXT-X-ENDLIST\n")


def test_sound_alone_is_no_video(measured):
    with pytest.raises(Unreadable, match="no moving picture"):
        measured(make_sound())


def with_length(seconds):
    content = make_video("mkv", sound=False)
    place = content.index(b"\x44\x89\x88") + 3  # Duration, RFC 9559 5.1.2.10
    return content[:place] + struct.pack(">d", seconds) + content[place + 8 :]


def test_a_video_that_says_it_has_no_end_fails(measured):
    with pytest.raises(Unreadable, match="too long"):
        measured(with_length(1e15), "mkv")


@pytest.mark.parametrize("seconds", [0.0, -5.0, float("nan"), float("inf")])
def test_a_length_that_is_none_is_measured(measured, seconds):
    assert measured(with_length(seconds), "mkv")["duration_s"] == pytest.approx(2, abs=0.1)


@pytest.mark.parametrize("sound", [True, False])
def test_a_video_without_a_picture_fails(measured, sound):
    with pytest.raises(Unreadable, match="no moving picture"):
        measured(make_video(seconds=0, sound=sound))


WIDTH, HEIGHT = b"\xb0\x82\x01\x40", b"\xba\x81\xf0"  # PixelWidth 320, PixelHeight 240: RFC 9559 5.1.4.1.28


def test_a_picture_too_large_fails_before_it_is_decoded(measured):
    content = make_video("webm", sound=False)
    assert content.count(WIDTH) == content.count(HEIGHT) == 1
    for width in (16_889, 65_535):
        huge = content.replace(WIDTH, b"\xb0\x82" + struct.pack(">H", width))
        with pytest.raises(Unreadable, match=f"too large: {width} × 240"):
            measured(huge, "webm")


def test_a_picture_that_hides_its_size_from_the_container_fails_within_the_limits(measured):
    bomb = make_bomb()
    assert len(bomb) < 20_000
    with pytest.raises(Unreadable) as fault:
        measured(bomb, "mov")
    assert fault.value.code in ("damaged", "too_large", "too_slow", "crashed")


def test_without_an_engine_the_video_is_kept_and_nothing_is_measured(tmp_path):
    path = tmp_path / "video.mp4"
    path.write_bytes(make_video())
    assert probe_without_pyav(path, "mp4", search_path=tmp_path) == {"message": NOTHING_MEASURED}
