"""Sends CVs the way the first desktop monitors did: presign, PUT, metadata.

    CV_CAPTURE_AUTH_TOKEN=ats_… python examples/legacy_monitor.py Naukri_Resume.pdf …

Needs `requests`. CV_CAPTURE_API_URL is where the API lies (http://127.0.0.1:8000/api).
"""

import hashlib
import mimetypes
import os
import sys
from datetime import datetime
from pathlib import Path

import requests

API = os.environ.get("CV_CAPTURE_API_URL", "http://127.0.0.1:8000/api")
HEADERS = {"Authorization": f"Bearer {os.environ['CV_CAPTURE_AUTH_TOKEN']}"}


def say(text: str) -> None:
    print(f"[{datetime.now():%Y-%m-%dT%H:%M:%S}] {text}")


def call(door: str, payload: dict) -> dict:
    response = requests.post(f"{API}/cv-capture/{door}", json=payload, headers=HEADERS, timeout=30)
    if not response.ok:  # the envelope says what is wrong, field by field
        sys.exit(f"{door}: {response.status_code} {response.json()['detail']} {response.json()['errors']}")
    return response.json()


def send(path: Path) -> None:
    content = path.read_bytes()
    file = {
        "file_name": path.name,
        "file_size": len(content),
        "file_type": mimetypes.guess_type(path.name)[0],
        "sha256": hashlib.sha256(content).hexdigest(),
        "source": "download",
    }
    say(f"Requesting presign for {path.name}...")
    presigned = call("presign", file)
    say("Uploading to S3...")
    requests.put(
        presigned["s3_url"], data=content, headers={"Content-Type": file["file_type"]}, timeout=60
    ).raise_for_status()
    say("S3 upload successful. Storing metadata...")
    capture = call("metadata", {**file, "s3_key": presigned["s3_key"]})
    say(f"Successfully uploaded: {path.name} ({len(content) / 1000:.1f}KB), capture {capture['cv_capture_id']}")


if __name__ == "__main__":
    for name in sys.argv[1:]:
        send(Path(name))
