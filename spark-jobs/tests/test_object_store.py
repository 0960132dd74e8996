"""One behaviour for both stores: local files, and S3 by boto3 against an emulator in a process of its own."""

from __future__ import annotations

import hashlib
import os
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from tidegate_job.object_store import LocalObjects, ObjectGone, ObjectsByScheme, ObjectStore, S3Objects

AWS = {
    "AWS_ACCESS_KEY_ID": "test",
    "AWS_SECRET_ACCESS_KEY": "test",
    "AWS_DEFAULT_REGION": "eu-central-1",
    "AWS_CONFIG_FILE": os.devnull,
    "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
}


@pytest.fixture(scope="module")
def endpoint(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """An S3 endpoint on loopback, ended by its process id."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    home = tmp_path_factory.mktemp("emulator")
    environment = {
        **os.environ, **AWS, "HOME": str(home), "TMPDIR": str(home), "GATEWAY_PORT": str(port),
        "MINISTACK_HOST": "127.0.0.1", "IOT_MTLS_ENABLED": "0", "SFTP_ENABLED": "0",
        "DOCKER_HOST": f"unix://{home}/no-docker",
    }  # fmt: skip
    command = [
        sys.executable,
        "-m",
        "hypercorn",
        "ministack.app:app",
        "--bind",
        f"127.0.0.1:{port}",
        "--workers",
        "0",
    ]
    with (home / "log").open("wb") as log:
        process = subprocess.Popen(command, cwd=home, env=environment, stdout=log, stderr=log)
    try:
        url = f"http://127.0.0.1:{port}"
        wait_until_ready(f"{url}/_ministack/ready", process)
        yield url
    finally:
        process.terminate()
        process.wait(20)


def wait_until_ready(url: str, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline and process.poll() is None:
        try:
            urllib.request.urlopen(url, timeout=2)
            return
        except OSError:
            time.sleep(0.1)
    pytest.fail("the emulator did not start")


@pytest.fixture(params=["local", "s3"])
def place(
    request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> tuple[ObjectStore, str]:
    """A store, and a URI that ends with a slash, below which nothing lies."""
    if request.param == "local":
        return LocalObjects(), f"file://{tmp_path}/"
    monkeypatch.setenv("AWS_ENDPOINT_URL", request.getfixturevalue("endpoint"))
    for name, value in AWS.items():
        monkeypatch.setenv(name, value)
    import boto3

    bucket = f"b-{hashlib.md5(str(tmp_path).encode()).hexdigest()}"
    boto3.client("s3").create_bucket(
        Bucket=bucket, CreateBucketConfiguration={"LocationConstraint": "eu-central-1"}
    )
    return S3Objects(), f"s3://{bucket}/"


@pytest.mark.parametrize("key", ["a", "deep/er/key", "a b+c%20.parquet", "sha256:ü/x"])
def test_what_is_put_is_there(place: tuple[ObjectStore, str], key: str) -> None:
    store, root = place
    store.put(root + key, b"0123456789")
    state = store.head(root + key)
    assert (state.bytes, state.etag) == (10, hashlib.md5(b"0123456789").hexdigest())
    assert store.get(root + key) == b"0123456789"
    assert store.get_range(root + key, 2, 5) == b"234"
    assert store.get_range(root + key, 8, 99) == b"89"
    store.put(root + key, b"new")
    assert store.get(root + key) == b"new"


def test_what_is_not_there_is_gone_not_an_error(place: tuple[ObjectStore, str]) -> None:
    store, root = place
    for read in (store.head, store.get):
        with pytest.raises(ObjectGone):
            read(root + "never")


def test_listing_starts_after_a_name_in_order_of_utf8(place: tuple[ObjectStore, str]) -> None:
    store, root = place
    for name in ("-none", "30-a", "3031-b", "31-c", "Z", "z"):
        store.put(f"{root}log/{name}", b"")
    store.put(f"{root}logs/31-other", b"")

    def after(start: str) -> list[str]:
        return [uri.removeprefix(f"{root}log/") for uri in store.list_after(f"{root}log/", start)]

    assert after("") == ["-none", "30-a", "3031-b", "31-c", "Z", "z"]
    assert after("3031") == ["3031-b", "31-c", "Z", "z"]
    assert list(store.list_after(f"{root}nothing/", "")) == []


def test_long_listings_are_complete(place: tuple[ObjectStore, str]) -> None:
    """S3 answers a thousand names at a time."""
    store, root = place
    for number in range(1005):
        store.put(f"{root}log/{number:05}", b"")
    assert len(list(store.list_after(f"{root}log/", "00002"))) == 1002


def test_scheme_decides(place: tuple[ObjectStore, str]) -> None:
    store, root = place
    ObjectsByScheme().put(root + "a", b"x")
    assert store.get(root + "a") == b"x"
