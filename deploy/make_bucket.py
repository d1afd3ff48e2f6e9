"""Makes the bucket that S3_BUCKET names, if it is not there, and lets it keep every version. Safe to run again."""

import os
import sys
import time
from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

PATIENCE = 90  # seconds; SeaweedFS says that it is healthy a little before it can make a bucket
PAUSE = 2  # seconds
BUCKET = os.environ["S3_BUCKET"]


def client() -> Any:
    return boto3.client(
        "s3",
        endpoint_url=os.environ.get("S3_ENDPOINT_URL") or None,
        region_name=os.environ.get("S3_REGION") or "us-east-1",
        aws_access_key_id=os.environ["S3_ACCESS_KEY_ID"],
        aws_secret_access_key=os.environ["S3_SECRET_ACCESS_KEY"],
        config=Config(s3={"addressing_style": "path"}, retries={"total_max_attempts": 1}),
    )


def make(s3: Any) -> None:
    try:
        s3.create_bucket(Bucket=BUCKET)
    except ClientError as error:
        if error.response["Error"]["Code"] not in {"BucketAlreadyOwnedByYou", "BucketAlreadyExists"}:
            raise
    s3.put_bucket_versioning(Bucket=BUCKET, VersioningConfiguration={"Status": "Enabled"})


def may_pass(error: Exception) -> bool:
    """The store is not there yet, or not whole yet; a refusal would be the same again."""
    return not isinstance(error, ClientError) or error.response["ResponseMetadata"]["HTTPStatusCode"] >= 500


def main() -> None:
    s3, limit = client(), time.monotonic() + PATIENCE
    while True:
        try:
            make(s3)
        except (BotoCoreError, ClientError) as error:
            if not may_pass(error) or time.monotonic() > limit:
                sys.exit(f"The bucket {BUCKET} could not be made: {error}")
            time.sleep(PAUSE)
        else:
            print(f"The bucket {BUCKET} is there and keeps versions.")
            return


if __name__ == "__main__":
    main()
