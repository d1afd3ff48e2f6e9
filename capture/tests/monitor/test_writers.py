"""Programs write files in every odd way; none of them ever gets half a file uploaded, and each arrives once.

MONITOR_WRITERS (20) says how many write at once, MONITOR_SEED which ones, MONITOR_FILES (300) how many whole files
lie in a folder: each takes two calls and more, of which the server lets 600 through in a minute.
"""

import os
import random
import threading
import time

from .conftest import Desk, make_cv, sha256, wait_for

WRITERS = int(os.environ.get("MONITOR_WRITERS", "20"))
SEED = int(os.environ.get("MONITOR_SEED", "6"))
FILES = int(os.environ.get("MONITOR_FILES", "300"))
PAUSE = 1.0  # seconds that a slow writer rests, at most; a file counts as whole after two still ones


class Writer:
    """One file on its way: `ways` are its methods; each leaves `body` at `path` in the end."""

    def __init__(self, folder, number, seed):
        self.dice = random.Random(f"{seed} {number}")
        self.body, self.decoy = make_cv(self.dice.randrange(2_000, 60_000)), make_cv(self.dice.randrange(2_000, 60_000))
        self.path = folder / f"Naukri_{number}.pdf"
        self.partial = folder / f"Unconfirmed {number}.crdownload"
        self.way = WAYS[number % len(WAYS)]

    def write(self):
        getattr(self, self.way)()

    def rest(self):
        time.sleep(self.dice.uniform(0.2, PAUSE))

    def pieces(self, body):
        cuts = sorted(self.dice.sample(range(1, len(body)), 3))
        return [body[start:end] for start, end in zip([0, *cuts], [*cuts, len(body)])]  # noqa: B905 - Python 3.8

    def pauses_between_pieces(self):
        with open(self.path, "wb", buffering=0) as file:
            for piece in self.pieces(self.body):
                file.write(piece)
                self.rest()

    def grows_in_place(self):
        for start in range(0, len(self.body), len(self.body) // 20):
            with open(self.path, "ab") as file:
                file.write(self.body[start : start + len(self.body) // 20])
            time.sleep(0.1)

    def opens_empty_and_replaces(self):
        """Firefox: an empty file under the name for the whole download, the bytes beside it."""
        self.path.touch()
        with open(self.path.with_name(self.path.name + ".part"), "wb", buffering=0) as file:
            for piece in self.pieces(self.body):
                file.write(piece)
                self.rest()
        self.path.with_name(self.path.name + ".part").replace(self.path)

    def places_removes_and_renames(self):
        """Chrome: the name for a moment, then a temporary name, then a mark of where it came from."""
        self.path.touch()
        self.path.unlink()
        with open(self.partial, "wb", buffering=0) as file:
            for piece in self.pieces(self.body):
                file.write(piece)
                self.rest()
        self.partial.replace(self.path)
        self.rest()
        os.utime(self.path)

    def is_touched_late(self):
        self.path.write_bytes(self.body)
        for _ in range(3):
            self.rest()
            os.utime(self.path)

    def is_written_over(self):
        self.path.write_bytes(self.decoy[:-30])
        self.rest()
        with open(self.path, "r+b", buffering=0) as file:
            file.truncate(0)
            self.rest()
            file.write(self.body)

    def reserves_its_space(self):
        with open(self.path, "wb", buffering=0) as file:
            file.truncate(len(self.body))
            for piece in self.pieces(self.body):
                self.rest()
                file.write(piece)

    def is_cut_to_size(self):
        with open(self.path, "wb", buffering=0) as file:
            file.write(self.body + b"\0" * 100_000)
            self.rest()
            file.truncate(len(self.body))

    def is_renamed_by_its_user(self):
        first = self.path.with_name("Naukri_first_" + self.path.name)
        first.write_bytes(self.body)
        self.rest()
        first.replace(self.path)

    def keeps_an_old_time(self):
        self.partial.write_bytes(self.body)
        os.utime(self.partial, (1_500_000_000, 1_500_000_000))
        self.partial.replace(self.path)

    def is_swapped_for_its_like(self):
        """Another file of the same size and time, by a rename."""
        self.decoy = make_cv(len(self.body))
        self.path.write_bytes(self.decoy[:-30].ljust(len(self.body)))
        self.rest()
        self.partial.write_bytes(self.body)
        state = self.path.stat()
        os.utime(self.partial, ns=(state.st_mtime_ns, state.st_mtime_ns))
        self.partial.replace(self.path)


WAYS = [name for name in vars(Writer) if name[0] != "_" and name not in ("write", "rest", "pieces")]


def test_however_a_file_is_written_it_arrives_whole_and_once(desk, system):
    desk.configure(check_interval_sec=0.2, stable_sec=2)
    desk.start()
    before = system.stored()
    writers = [Writer(desk.downloads, number, SEED) for number in range(WRITERS)]
    threads = [threading.Thread(target=writer.write) for writer in writers]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    desk.wait_until_stored([writer.body for writer in writers])
    wait_for(lambda: "waiting" not in desk.states().values())
    sent = sorted(row["sha256"] for row in desk.journal() if row["state"] == "sent")
    assert sent == sorted(sha256(writer.body) for writer in writers), [writer.way for writer in writers]
    assert system.stored() == before + WRITERS
    assert not [path for path in desk.downloads.iterdir() if "part" in path.name or "Unconfirmed" in path.name]


def test_a_hundred_files_in_the_folder_arrive_once(desk, system):
    arrive_once(desk, system, 100)


def test_more_files_than_the_server_takes_in_a_minute_arrive_once(tmp_path, system, newest_python):
    desk = Desk(tmp_path, system, newest_python)
    try:
        arrive_once(desk, system, FILES)
    finally:
        desk.close()


def arrive_once(desk, system, count):
    """However many there are, and however often the server says that they are too many in a minute."""
    before = system.stored()
    bodies = [desk.download(f"Naukri_{number}.pdf") for number in range(count)]
    desk.configure(old_files=True, at_once=4)
    desk.start()
    book = desk.data / "journal.jsonl"  # the log is cut at a megabyte
    wait_for(lambda: book.read_bytes().count(b'"state": "sent"') >= count, 60 + count, desk.log, every=0.5)
    desk.wait_until_stored(bodies)
    sent = sorted(row["sha256"] for row in desk.journal() if row["state"] == "sent")
    assert sent == sorted(map(sha256, bodies))
    assert system.stored() == before + count
