"""An S3 store."""

from __future__ import annotations

import contextlib
import json
import secrets
from pathlib import Path
from signal import SIGKILL
from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from ats.processes import free_port, guardian
from ats.services.base import Service, program_path


class S3(Service):
    """SeaweedFS with one versioned bucket."""

    stop_signal = SIGKILL  # it takes 25 s to leave when asked, and nobody wants its data any more
    BUCKET = "ats-test"
    PARTS = ("master", "volume", "filer", "s3")

    def __init__(self, folder: Path) -> None:
        super().__init__("seaweedfs", folder)
        self.access_key, self.secret_key = secrets.token_hex(10), secrets.token_hex(20)
        self.ports = {part: free_port() for part in self.PARTS}
        grpc = {part: free_port() for part in self.PARTS}
        # Names of weed's own choice, which it leaves behind.
        self.strays = [Path("/tmp", f"seaweedfs-{part}-grpc-{port}.sock") for part, port in grpc.items()]  # noqa: S108 (weed chooses)
        options = [
            "-ip=127.0.0.1", "-ip.bind=127.0.0.1", f"-dir={folder}", "-filer", "-s3", f"-s3.config={folder}/keys.json",
            *(f"-{part}.port={port}" for part, port in self.ports.items()),
            *(f"-{part}.port.grpc={port}" for part, port in grpc.items()),
            f"-filer.localSocket={folder}/filer.sock", f"-s3.localSocket={folder}/s3.sock",
            "-s3.port.iceberg=0", "-s3.port.lance=0",  # else both take fixed ports
            "-master.telemetry=false",
            "-master.electionTimeout=1s",  # with the default of 10 s a restart takes 20 s
            "-master.volumeSizeLimitMB=64", "-volume.max=0",  # as many volumes as the disk has room for
        ]  # fmt: skip
        self.command = [program_path("weed") or "weed", "-logtostderr", "server", *options]

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.ports['s3']}"

    def settings(self) -> dict[str, str]:
        keys = {"S3_ACCESS_KEY_ID": self.access_key, "S3_SECRET_ACCESS_KEY": self.secret_key}
        return {"S3_BUCKET": self.BUCKET, "S3_ENDPOINT_URL": self.url, "S3_REGION": "us-east-1", **keys}

    def prepare(self) -> None:
        self.folder.mkdir(mode=0o700, exist_ok=True)
        keys = [{"accessKey": self.access_key, "secretKey": self.secret_key}]
        identity = {"name": "ats", "credentials": keys, "actions": ["Admin", "Read", "Write", "List", "Tagging"]}
        (self.folder / "keys.json").write_text(json.dumps({"identities": [identity]}))
        for stray in self.strays:
            guardian.take_on("keep", stray)

    def kill(self) -> None:
        super().kill()
        for stray in self.strays:
            stray.unlink(missing_ok=True)
            guardian.let_go("drop", stray)

    def ready(self) -> bool:
        """A versioned object can be put and taken away again, and what was there before a restart can be read: the
        volumes of an old object may come some seconds later than the first answer."""
        client = self.client()
        try:
            self.make_bucket(self.BUCKET)
            put = client.put_object(Bucket=self.BUCKET, Key=".ready", Body=b"")
            client.delete_object(Bucket=self.BUCKET, Key=".ready", VersionId=put["VersionId"])
            for found in client.list_objects_v2(Bucket=self.BUCKET, MaxKeys=100).get("Contents", []):
                client.get_object(Bucket=self.BUCKET, Key=found["Key"])["Body"].read()
        except (BotoCoreError, ClientError, KeyError):
            return False
        return True

    def make_bucket(self, name: str) -> None:
        client = self.client()
        with contextlib.suppress(client.exceptions.BucketAlreadyOwnedByYou, client.exceptions.BucketAlreadyExists):
            client.create_bucket(Bucket=name)
        client.put_bucket_versioning(Bucket=name, VersioningConfiguration={"Status": "Enabled"})

    def client(self) -> Any:
        """A boto3 client that gives up fast."""
        patience = {"connect_timeout": 1, "read_timeout": 5, "retries": {"max_attempts": 1}}
        return boto3.client(
            "s3",
            endpoint_url=self.url,
            region_name="us-east-1",
            aws_access_key_id=self.access_key,
            aws_secret_access_key=self.secret_key,
            config=Config(signature_version="s3v4", s3={"addressing_style": "path"}, **patience),
        )
