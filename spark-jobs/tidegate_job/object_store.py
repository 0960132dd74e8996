"""Objects by URI, on S3 (`s3://`) or in local files (`file://`): the few operations that the job needs.

A URI is its scheme and then the key or path *as it is*, never percent-encoded, just as Hadoop's `Path` reads
it.
"""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from .aws_client import AwsClient


@dataclass(frozen=True)
class ObjectState:
    """What a HEAD says: size in bytes, and etag without quotes."""

    bytes: int
    etag: str


class ObjectGone(Exception):
    """There is no object of this URI."""


class ObjectStore(Protocol):
    """Reads raise ObjectGone when there is no such object; anything else that a store raises is a failure to
    reach it."""

    def head(self, uri: str) -> ObjectState: ...

    def get(self, uri: str) -> bytes: ...

    def get_range(self, uri: str, start: int, end: int) -> bytes:
        """Bytes `start` to `end`, exclusive; fewer when the object is shorter."""
        ...

    def put(self, uri: str, content: bytes) -> None: ...

    def list_after(self, prefix: str, start_after: str) -> Iterator[str]:
        """URIs below `prefix` whose rest sorts after `start_after`, in order of UTF-8."""
        ...


class LocalObjects:
    """`file://` URIs and plain paths. The etag is the content's MD5, as S3 has it for a simple put."""

    def head(self, uri: str) -> ObjectState:
        content = self.get(uri)
        return ObjectState(bytes=len(content), etag=hashlib.md5(content, usedforsecurity=False).hexdigest())

    def get(self, uri: str) -> bytes:
        try:
            return _local_path(uri).read_bytes()
        except (FileNotFoundError, IsADirectoryError) as error:
            raise ObjectGone(uri) from error

    def get_range(self, uri: str, start: int, end: int) -> bytes:
        return self.get(uri)[start:end]

    def put(self, uri: str, content: bytes) -> None:
        path = _local_path(uri)
        path.parent.mkdir(parents=True, exist_ok=True)
        # A put is atomic on S3, so readers here must not see half a file either.
        partial = path.with_name(f".{path.name}.{threading.get_ident()}")
        partial.write_bytes(content)
        partial.replace(path)

    def list_after(self, prefix: str, start_after: str) -> Iterator[str]:
        folder = _local_path(prefix)
        names = [path.name for path in folder.iterdir()] if folder.is_dir() else []
        return (
            prefix + name for name in sorted(names, key=str.encode) if name.encode() > start_after.encode()
        )


def _s3() -> Any:
    import boto3
    from botocore.config import Config

    retries: Any = {"mode": "standard", "max_attempts": 5}
    return boto3.client("s3", config=Config(max_pool_connections=32, retries=retries))


class S3Objects:
    """`s3://` URIs. The endpoint and credentials are boto3's own business (`AWS_ENDPOINT_URL` and the
    like)."""

    def __init__(self, client: Any = None) -> None:
        self._lazy = AwsClient(_s3, client)

    @property
    def _client(self) -> Any:
        return self._lazy.get()

    def head(self, uri: str) -> ObjectState:
        answer = self._call("head_object", uri)
        return ObjectState(bytes=answer["ContentLength"], etag=answer["ETag"].strip('"'))

    def get(self, uri: str) -> bytes:
        return bytes(self._call("get_object", uri)["Body"].read())

    def get_range(self, uri: str, start: int, end: int) -> bytes:
        return bytes(self._call("get_object", uri, Range=f"bytes={start}-{end - 1}")["Body"].read())

    def put(self, uri: str, content: bytes) -> None:
        self._call("put_object", uri, Body=content)

    def list_after(self, prefix: str, start_after: str) -> Iterator[str]:
        bucket, key = _bucket_and_key(prefix)
        pages = self._client.get_paginator("list_objects_v2").paginate(
            Bucket=bucket, Prefix=key, StartAfter=key + start_after
        )
        for page in pages:
            for item in page.get("Contents", []):
                yield f"s3://{bucket}/{item['Key']}"

    def _call(self, operation: str, uri: str, **more: Any) -> Any:
        bucket, key = _bucket_and_key(uri)
        from botocore.exceptions import ClientError

        try:
            return getattr(self._client, operation)(Bucket=bucket, Key=key, **more)
        except ClientError as error:
            if error.response.get("Error", {}).get("Code") in (
                "404",
                "NoSuchKey",
                "NoSuchBucket",
                "NotFound",
            ):
                raise ObjectGone(uri) from error
            raise


class ObjectsByScheme:
    """The store that the job uses: picks S3 or local files by the URI's scheme."""

    def __init__(self) -> None:
        self._s3: ObjectStore = S3Objects()
        self._local: ObjectStore = LocalObjects()

    def head(self, uri: str) -> ObjectState:
        return self._of(uri).head(uri)

    def get(self, uri: str) -> bytes:
        return self._of(uri).get(uri)

    def get_range(self, uri: str, start: int, end: int) -> bytes:
        return self._of(uri).get_range(uri, start, end)

    def put(self, uri: str, content: bytes) -> None:
        self._of(uri).put(uri, content)

    def list_after(self, prefix: str, start_after: str) -> Iterator[str]:
        return self._of(prefix).list_after(prefix, start_after)

    def _of(self, uri: str) -> ObjectStore:
        return self._s3 if uri.startswith("s3://") else self._local


def _local_path(uri: str) -> Path:
    return Path(uri.removeprefix("file://"))


def _bucket_and_key(uri: str) -> tuple[str, str]:
    bucket, slash, key = uri.removeprefix("s3://").partition("/")
    if not bucket or not slash:
        raise ValueError(f"`{uri}` is no s3:// URI with a bucket and a key")
    return bucket, key
