"""Measuring videos: what good ones say, and why bad ones fail."""

import base64
import struct

import pytest

pytest.importorskip("av")  # requirements-video.txt

from parsing import Unreadable
from parsing.containers import CUT_OFF, DAMAGED
from parsing.sandbox import probe_safely
from parsing.tests.videos import make_sound, make_video
from parsing.video import NOTHING_MEASURED, probe


@pytest.fixture
def measured(tmp_path):
    """Measures bytes as the background does: in a limited child."""

    def measure(content, extension="mp4"):
        path = tmp_path / f"video.{extension}"
        path.write_bytes(content)
        return probe_safely(path, extension)

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


def test_a_video_that_says_it_has_no_end_fails(measured):
    content = make_video("mkv", sound=False)
    place = content.index(b"\x44\x89\x88") + 3  # Duration, RFC 9559 5.1.2.10
    endless = content[:place] + struct.pack(">d", 1e15) + content[place + 8 :]
    with pytest.raises(Unreadable, match="too long"):
        measured(endless, "mkv")


def test_a_picture_too_large_fails_before_it_is_decoded(tmp_path, monkeypatch):
    monkeypatch.setattr("parsing.video.MOST_PIXELS", 320 * 240 - 1)
    path = tmp_path / "video.mp4"
    path.write_bytes(make_video())
    with pytest.raises(Unreadable, match="too large: 320 × 240"):
        probe(path, "mp4")


def test_without_an_engine_the_video_is_kept_and_nothing_is_measured(tmp_path, monkeypatch):
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    monkeypatch.setenv("PATH", str(tmp_path))
    path = tmp_path / "video.mp4"
    path.write_bytes(make_video())
    assert probe(path, "mp4") == {"message": NOTHING_MEASURED}
