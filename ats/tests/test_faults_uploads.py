"""Uploads in chunks while processes die and services are away: what was acknowledged is there, whole and once."""

from __future__ import annotations

import random
import shutil
import signal
import socket
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests
from tusclient.client import TusClient

from ats.processes import all_running, free_port
from ats.stack import Web
from ats.tests.fault_house import FaultHouse, at_once, fault_house, start_again, wait_until
from ats.tests.fault_uploads import Uploader, full_disk, one_address
from uploads.tests.chunks import CHUNK, DOOR, make_bytes

pytestmark = pytest.mark.faults
CUT = requests.RequestException
MIB = 2**20


@pytest.fixture(scope="module", params=["s3", "disk"])
def built(request: pytest.FixtureRequest) -> Iterator[FaultHouse]:
    with fault_house(on_disk=request.param == "disk") as house:
        yield house


@pytest.fixture
def house(built: FaultHouse) -> Iterator[FaultHouse]:
    built.heal()
    yield built
    built.heal()
    wait_until(lambda: built.ask("SELECT 1 FROM upload_sessions WHERE status = 'verifying'") == [], 60)
    built.assert_sound()


@pytest.fixture
def uploader(house: FaultHouse) -> Uploader:
    return Uploader(house).begin()


# --- Init -------------------------------------------------------------------------------------------------------------


def test_killed_between_session_and_store_the_client_begins_again(house: FaultHouse) -> None:
    store = "uploads.disk:DiskStore" if house.on_disk else "uploads.s3:S3Store"
    house.order_death(f"{store}.create_multipart")
    uploader = Uploader(house)
    with pytest.raises(CUT):
        uploader.init()
    uploader.begin().finish()
    house.ask("UPDATE upload_sessions SET expires_at = now() WHERE status = 'open' RETURNING 1")
    assert house.manage("cleanup_uploads").returncode == 0
    assert house.ask("SELECT 1 FROM upload_sessions WHERE status = 'open'") == []


# --- Chunks -----------------------------------------------------------------------------------------------------------


def test_killed_while_a_chunk_comes_in_it_is_absent(house: FaultHouse, uploader: Uploader) -> None:
    uploader.send(0)
    with uploader.half_sent(1):
        house.restart(house.web)
    assert uploader.state()["received"] == [0]
    uploader.finish()


PLACES = {"uploads.sessions:UploadSession.record_chunk": [], "uploads.chunked:_progress": [1]}


@pytest.mark.parametrize(("place", "received"), PLACES.items())
def test_killed_after_the_bytes_are_written_the_chunk_is_absent_or_whole(
    house: FaultHouse, uploader: Uploader, place: str, received: list[int]
) -> None:
    house.order_death(place)
    with pytest.raises(CUT):
        uploader.send(1)
    assert uploader.state()["received"] == received
    uploader.finish()


def test_killed_while_an_acknowledged_chunk_is_replaced_it_is_not_acknowledged(
    house: FaultHouse, uploader: Uploader
) -> None:
    uploader.send_all()
    with uploader.half_sent(1):
        assert uploader.state()["received"] == [0, 2]
        house.restart(house.web)
    assert uploader.state()["received"] == [0, 2]
    early = uploader.complete()
    assert (early.status_code, early.json()["code"]) == (400, "missing_chunks")
    uploader.finish()


def test_in_any_order_and_twice_each_chunk_counts_once(house: FaultHouse) -> None:
    uploader = Uploader(house, chunks=6).begin()
    order = [*range(6), *range(6), *range(6)]
    random.Random(1).shuffle(order)
    assert {answer.status_code for answer in at_once(6, lambda n: uploader.send(order[n]))} == {200}
    assert {uploader.send(index).status_code for index in order[6:]} == {200}
    assert uploader.state()["received"] == [*range(6)]
    uploader.finish()


def test_two_web_servers_behind_one_address_take_the_chunks_of_one_upload_in_turn(house: FaultHouse) -> None:
    other = Web(free_port(), house.environment)
    with all_running(other), one_address(house.web.url, other.url) as url:
        uploader = Uploader(house, chunks=6, url=url).begin()
        counts = [uploader.send(index).json()["received_chunks"] for index in range(4)]
        assert counts == [1, 2, 3, 4]  # each server knows of the chunks that the other one took
        uploader.send_all().finish()


def test_of_other_bytes_for_an_index_the_last_ones_win(house: FaultHouse, uploader: Uploader) -> None:
    assert uploader.send(1, make_bytes(CHUNK)).status_code == 200
    uploader.send_all()
    uploader.finish()


def test_many_writers_of_one_chunk_leave_the_bytes_of_one_of_them(house: FaultHouse, uploader: Uploader) -> None:
    others = [bytes([number]) * CHUNK for number in range(8)]
    assert {answer.status_code for answer in at_once(8, lambda n: uploader.send(1, others[n]))} == {200}
    uploader.send(0)
    uploader.send(2)
    assert uploader.complete().status_code == 202
    wait_until(lambda: uploader.state()["status"] == "done", 45)
    stored = house.ask("SELECT doc_hash_256 FROM documents WHERE doc_id = %s", uploader.state()["doc_id"])[0][0]
    assert stored in {uploader.sha256_with(1, other) for other in others}


# --- Completion -------------------------------------------------------------------------------------------------------


def test_killed_before_completion_is_committed_the_client_repeats(house: FaultHouse, uploader: Uploader) -> None:
    uploader.send_all()
    house.order_death("uploads.sessions:UploadSession.complete")
    with pytest.raises(CUT):
        uploader.complete()
    assert uploader.state()["status"] == "open"
    uploader.finish()


def test_killed_between_commit_and_publish_the_sweep_queues_it(house: FaultHouse, uploader: Uploader) -> None:
    uploader.send_all()
    house.order_death("uploads.chunked:nudge")
    with pytest.raises(CUT):
        uploader.complete()
    uploader.assert_done()


CLAIMED, GATHERED, HASHED = "uploads.tasks:prove_session", "uploads.session_proof:_check", "uploads.session_proof:_keep"


@pytest.mark.parametrize(
    ("place", "whom"), [(CLAIMED, "with parent"), (GATHERED, ""), (GATHERED, "with parent"), (HASHED, "with parent")]
)
def test_a_worker_killed_while_it_proves_an_upload_is_made_good(
    house: FaultHouse, uploader: Uploader, place: str, whom: str
) -> None:
    uploader.send_all()
    house.order_death(place, whom)
    assert uploader.complete().status_code == 202
    if whom:
        wait_until(lambda: not house.worker.alive, 30)
        house.restart(house.worker)
    uploader.assert_done()


def test_twenty_completions_at_once_and_again_after_the_end_have_one_answer(
    house: FaultHouse, uploader: Uploader
) -> None:
    uploader.send_all()
    answers = at_once(20, lambda _: uploader.complete())
    assert {answer.status_code for answer in answers} <= {200, 202}
    uploader.assert_done()
    answers += at_once(20, lambda _: uploader.complete())
    assert len({answer.json()["assessment_id"] for answer in answers}) == 1
    late = uploader.send(0)
    assert (late.status_code, late.json()["code"]) == (409, "upload_completed")


def test_without_a_broker_completion_answers_the_same(house: FaultHouse, uploader: Uploader) -> None:
    uploader.send_all()
    house.redis.kill()
    assert uploader.complete().status_code == 202
    house.restart(house.redis)
    uploader.assert_done()


# --- What lies below is away ------------------------------------------------------------------------------------------


def test_a_database_restarted_in_the_middle_is_503_meanwhile_and_loses_nothing(
    house: FaultHouse, uploader: Uploader
) -> None:
    assert uploader.send(0).status_code == 200
    house.postgresql.kill()
    for answer in (uploader.send(1, timeout=10), uploader.complete(timeout=10), uploader.init(timeout=10)):
        assert (answer.status_code, answer.json()["code"]) == (503, "database_unavailable")
        assert int(answer.headers["Retry-After"]) >= 1
    start_again(house.postgresql)
    wait_until(lambda: {answer.status_code for answer in at_once(20, lambda _: uploader.send(1))} == {200}, 10)
    assert uploader.state()["received"] == [0, 1]
    uploader.finish()


def test_a_database_that_goes_away_while_a_chunk_comes_in_leaves_it_absent(
    house: FaultHouse, uploader: Uploader
) -> None:
    with uploader.half_sent(1) as wire:
        house.restart(house.postgresql)
        wire.shutdown(socket.SHUT_WR)
    wait_until(lambda: {answer.status_code for answer in at_once(20, lambda _: uploader.complete())} == {400}, 10)
    assert uploader.state()["received"] == []
    uploader.finish()


def test_a_store_that_goes_away_in_the_middle_is_503_and_loses_nothing(house: FaultHouse, uploader: Uploader) -> None:
    assert uploader.send(0).status_code == 200
    objects, away = house.folder / "data/objects", house.folder / "data/unmounted"
    if house.on_disk:
        objects.rename(away)
    else:
        house.s3.kill()
    try:
        answer = uploader.send(1, timeout=10)
    finally:
        if house.on_disk:
            away.rename(objects)
        else:
            house.restart(house.s3)
    assert (answer.status_code, answer.json()["code"]) == (503, "store_unavailable")
    assert int(answer.headers["Retry-After"]) >= 1
    wait_until(lambda: uploader.send(1).status_code == 200, 60)
    uploader.finish()


def test_a_store_that_hangs_is_503_within_ten_seconds(house: FaultHouse, uploader: Uploader) -> None:
    if house.on_disk:
        pytest.skip("a disk that hangs holds whoever asks it")
    house.s3.signal(signal.SIGSTOP)
    try:
        assert uploader.send(1, timeout=12).status_code == 503
    finally:
        house.s3.signal(signal.SIGCONT)
    wait_until(lambda: uploader.send(1).status_code == 200, 60)
    uploader.finish()


def test_a_store_that_is_away_while_the_whole_is_proven_only_delays_it(house: FaultHouse, uploader: Uploader) -> None:
    if house.on_disk:
        pytest.skip("the disk's own outage is met above")
    uploader.send_all()
    house.worker.signal(signal.SIGSTOP)
    assert uploader.complete().status_code == 202
    house.s3.kill()
    house.worker.signal(signal.SIGCONT)
    wait_until(lambda: house.ask("SELECT 1 FROM error_logs WHERE operation = 'verify_session'") != [], 60)
    house.restart(house.s3)
    uploader.assert_done(90)


def test_everything_restarted_in_the_middle_loses_nothing_acknowledged(house: FaultHouse) -> None:
    uploader = Uploader(house, chunks=8).begin()
    acknowledged = {index for index in (7, 2, 4, 0) if uploader.send(index).status_code == 200}
    with uploader.half_sent(5):
        for program in house.programs:
            program.signal(signal.SIGKILL)
    house.restart(*house.programs)
    wait_until(lambda: set(uploader.state()["received"]) == acknowledged == {0, 2, 4, 7}, 60)
    uploader.send_all()
    assert uploader.complete().status_code == 202
    house.restart(*house.programs)
    uploader.assert_done(90)


def test_a_tus_client_goes_on_over_a_killed_server(house: FaultHouse, tmp_path: Path) -> None:
    video = tmp_path / "talk.mp4"
    video.write_bytes(make_bytes(4 * CHUNK + 1000))
    uploader = Uploader(house)
    client = TusClient(f"{house.web.url}/api/tus/", headers=uploader.headers)
    facts = {"metadata": {"filename": "talk.mp4"}, "chunk_size": 3 * MIB, "retries": 120, "retry_delay": 0.5}
    sending = client.uploader(str(video), **facts)
    sending.upload_chunk()
    for _ in range(2):
        killing = threading.Thread(target=house.restart, args=(house.web,))
        killing.start()
        sending.upload_chunk()
        killing.join()
    sending.upload()
    uploader.content, uploader.upload_id = video.read_bytes(), sending.url.rpartition("/")[2]
    uploader.assert_done()


# --- A full disk ------------------------------------------------------------------------------------------------------


def can_mount() -> bool:
    probe = ["unshare", "--map-root-user", "--mount", "mount", "-t", "tmpfs", "probe", "/mnt"]
    return (
        shutil.which("unshare") is not None and not subprocess.run(probe, capture_output=True, check=False).returncode
    )


needs_mounts = pytest.mark.skipif(not can_mount(), reason="this system lets no process mount a small file system")


@needs_mounts
def test_a_full_disk_is_507_and_leaves_no_part_of_the_chunk(house: FaultHouse) -> None:
    if not house.on_disk:
        pytest.skip("with S3 no chunk touches the disk")
    with full_disk(house, house.folder / "data/objects", CHUNK + MIB) as objects:
        uploader = Uploader(house, chunks=2).begin()
        assert uploader.send(0).status_code == 200
        answer = uploader.send(1)
        assert (answer.status_code, answer.json()["code"]) == (507, "store_full")
        assert uploader.state()["received"] == [0]
        assert uploader.send(0).status_code == 200
        cancelled = requests.delete(f"{house.web.url}{DOOR}/{uploader.upload_id}", headers=uploader.headers, timeout=30)
        assert cancelled.status_code == 200
        assert [path for path in objects.rglob("*") if path.is_file()] == []


@needs_mounts
def test_a_full_temporary_folder_does_not_touch_chunks_and_is_507_to_tus(house: FaultHouse) -> None:
    with full_disk(house, house.folder / "tmp", MIB // 2) as temporary:
        uploader = Uploader(house, chunks=2).begin()
        assert uploader.send(0).status_code == 200
        headers = {**uploader.headers, "Tus-Resumable": "1.0.0", "Upload-Offset": str(CHUNK)}
        place = f"{house.web.url}/api/tus/{uploader.upload_id}"
        body = {"data": uploader.pieces[1], "headers": {**headers, "Content-Type": "application/offset+octet-stream"}}
        answer = requests.patch(place, timeout=30, **body)
        assert (answer.status_code, answer.json()["code"]) == (507, "store_full")
        assert requests.head(place, headers=headers, timeout=30).headers["Upload-Offset"] == str(CHUNK)
        assert list(temporary.iterdir()) == []
    uploader.finish()
