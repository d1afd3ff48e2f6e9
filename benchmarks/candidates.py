"""A candidate with a CV in one call, against DRF with a FileField: `.venv/bin/python -m benchmarks.candidates`.

A PDF of 245 kB, PostgreSQL, files on the disk. Ours hashes the bytes, looks at their type, makes them durable before it
answers, and writes candidate, document, version, keys, search entry and ledger; the peer saves a row and a file. The
worker, which would read the CVs meanwhile, is stopped. About two minutes.
"""

from __future__ import annotations

import argparse
import signal

from benchmarks.capture import BOUNDARY, compare, report, sending_forms
from benchmarks.house import house, made_up_name

FORM = '--{}\r\nContent-Disposition: form-data; name="candidate_in"\r\n\r\n{{"full_name": "{}"}}\r\n'


def candidate_in() -> bytes:
    return FORM.format(BOUNDARY.decode(), made_up_name()).encode()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=4.0)
    parser.add_argument("--connections", type=int, default=4)
    options = parser.parse_args()
    with house(on_disk=True) as built:
        built.worker.signal(signal.SIGSTOP)
        works = {
            "POST /candidates/": sending_forms(
                built.url, f"Bearer {built.token}", "/candidates/", "resume", candidate_in
            ),
            "FileField on disk": sending_forms(built.peers_url, f"Token {built.peers_token}", "/on-disk", "file"),
        }
        found = compare(works, options.connections, options.seconds, options.rounds)
        built.worker.signal(signal.SIGCONT)
        report(
            f"245 kB PDF and a candidate, {options.connections} clients",
            found,
            [("POST /candidates/", "FileField on disk", ">= 0.8")],
        )


if __name__ == "__main__":
    main()
