"""Pulling from buckets of a real S3 server on loopback, and from servers that simulate other stores."""

import hashlib
import re
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

import obstore
import pytest
from obstore.store import S3Store

from assets.landing.pull.object_store import _expression
from assets.landing.store import newest_complete
from tests.factories.loopback import ok, serving
from tests.factories.s3_server import KEY, S3, SECRET
from tests.factories.small_exports import DAY, Exports
from tests.integration.test_http_pull import everything_on_disk, landed, pull

if TYPE_CHECKING:
    from obstore import GetResult


CSV = b"platform,handle,followers\ninstagram,x,1000\n"
STORAGE = {"access_key_id": "${S3_KEY}", "secret_access_key": "${S3_SECRET}", "region": "us-east-1"}


@pytest.fixture(autouse=True)
def keys(monkeypatch: pytest.MonkeyPatch) -> None:
    """Sets the bucket's keys in the environment."""
    monkeypatch.setenv("S3_KEY", KEY)
    monkeypatch.setenv("S3_SECRET", SECRET)


@pytest.fixture
def bucket(request: pytest.FixtureRequest) -> str:
    """Returns a folder of the bucket that no other test uses."""
    return "exports/" + hashlib.sha256(request.node.nodeid.encode()).hexdigest()[:20]


def source(folder: Path, s3: S3, address: str, **keys: Any) -> Exports:
    """Adds one source `a` in a bucket."""
    storage = STORAGE | {"endpoint": s3.endpoint}
    return Exports(folder).source("a", address, **({"allow_private": True, "storage": storage} | keys))


def test_object_lands_byte_for_byte_and_is_imported(tmp_path: Path, s3: S3, bucket: str) -> None:
    s3.put(bucket, **{f"exports/{DAY}.csv": CSV})
    exports = source(tmp_path, s3, f"s3://{bucket}/exports/{{date}}.csv")
    imported = exports.run()
    assert imported.accounts("handle", "followers") == [("x", 1000)]
    manifest = newest_complete(exports.settings.landing, "a", DAY)
    assert manifest
    (file,) = manifest.files
    assert landed(exports, manifest) == [CSV]
    assert (file.origin, file.sha256) == (f"s3://{bucket}/exports/{DAY}.csv", hashlib.sha256(CSV).hexdigest())
    assert file.etag
    assert b"nightingale" not in everything_on_disk(tmp_path / "home")


def test_glob_lands_matching_objects_in_path_order(tmp_path: Path, s3: S3, bucket: str) -> None:
    names = [
        f"x/{DAY}/b.csv",
        f"x/{DAY}/a.csv",
        f"x/{DAY}/deep/c.csv",
        f"y/{DAY}/a.csv",
        f"x/{DAY}/a.txt",
        "x/2026-10-29/a.csv",
    ]
    s3.put(bucket, **{name: CSV + name.encode() for name in names})
    exports = source(tmp_path, s3, f"s3://{bucket}/*/{{date}}/*.csv")
    manifest = pull(exports)
    assert [file.origin.removeprefix(f"s3://{bucket}/") for file in manifest.files] == [
        f"x/{DAY}/a.csv", f"x/{DAY}/b.csv", f"y/{DAY}/a.csv"
    ]  # fmt: skip
    assert [Path(file.path).name for file in manifest.files] == ["a.csv", "b.csv", "3-a.csv"]
    deep = pull(source(tmp_path, s3, f"s3://{bucket}/**/{{date}}/**/*.csv"), force=True)
    assert len(deep.files) == 4


def test_large_object_is_streamed(tmp_path: Path, s3: S3, bucket: str) -> None:
    body = b"platform,handle,followers\n" + b"instagram,x,1000\n" * 2_000_000
    s3.put(bucket, **{"big.csv": body})
    exports = source(tmp_path, s3, f"s3://{bucket}/big.csv")
    manifest = pull(exports)
    assert (manifest.state, manifest.files[0].bytes) == ("complete", len(body))
    assert manifest.files[0].sha256 == hashlib.sha256(body).hexdigest()


def test_unchanged_object_is_not_fetched_twice(
    tmp_path: Path, s3: S3, bucket: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    s3.put(bucket, **{"now.csv": CSV})
    exports = source(tmp_path, s3, f"s3://{bucket}/now.csv")
    fetched: list[str] = []
    real = obstore.get

    def get(store: S3Store, path: str, **keys: Any) -> "GetResult":
        got = real(store, path, **keys)
        fetched.append(path)
        return got

    monkeypatch.setattr(obstore, "get", get)
    first = pull(exports)
    second = pull(exports, DAY + timedelta(days=1))
    assert (second.content, len(fetched)) == (first.content, 1)
    s3.put(bucket, **{"now.csv": CSV + b"instagram,y,2000\n"})
    third = pull(exports, force=True)
    assert (third.content != first.content, len(fetched)) == (True, 2)


@pytest.mark.parametrize("address, told", [("no/{date}.csv", "no object s3://"), ("no/*.csv", "no object s3://")])
def test_missing_object_is_reported(tmp_path: Path, s3: S3, bucket: str, address: str, told: str) -> None:
    s3.put(bucket, there=b"1")
    manifest = pull(source(tmp_path, s3, f"s3://{bucket}/{address}"))
    assert manifest.state == "failed"
    assert manifest.message.startswith(told)
    assert manifest.message.endswith("put the export there, or correct the url in sources.yaml")


@pytest.mark.parametrize("address", ["x.csv", "*.csv"])
def test_wrong_key_is_reported_and_not_shown(
    tmp_path: Path, s3: S3, bucket: str, address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    s3.put(bucket, **{"x.csv": CSV})
    monkeypatch.setenv("S3_SECRET", "canary-wrong-nightingale")
    manifest = pull(source(tmp_path, s3, f"s3://{bucket}/{address}"))
    assert manifest.state == "failed"
    assert "403 Forbidden" in manifest.message
    assert "check the source's secrets and storage" in manifest.message
    assert "\n" not in manifest.message
    assert "nightingale" not in manifest.message


def test_byte_cap_applies_to_objects(tmp_path: Path, s3: S3, bucket: str) -> None:
    s3.put(bucket, **{"x.csv": CSV * 100})
    manifest = pull(source(tmp_path, s3, f"s3://{bucket}/x.csv", limits={"max_bytes": 100}))
    assert manifest.message == "it sends more than limits.max_bytes (100); raise it if this is meant"


def test_private_endpoint_is_refused_unless_allowed(tmp_path: Path, s3: S3, bucket: str) -> None:
    manifest = pull(source(tmp_path, s3, f"s3://{bucket}/x.csv", allow_private=False))
    assert (
        manifest.message
        == "127.0.0.1 is at 127.0.0.1, which is no public address; set allow_private: true if this is meant"
    )


def test_unknown_option_is_reported(tmp_path: Path, s3: S3) -> None:
    manifest = pull(source(tmp_path, s3, "s3://b/x.csv", storage={"regoin": "x"}))
    assert manifest.state == "failed"
    assert manifest.message.startswith("storage: ")
    assert "regoin" in manifest.message


@pytest.mark.parametrize(
    "address, storage, path",
    [
        ("gs://bucket/{date}.csv", {"skip_signature": True, "base_url": "URL"}, f"/bucket/{DAY}.csv"),
        ("az://box/{date}.csv", {"account_name": "me", "skip_signature": True, "endpoint": "URL"}, f"/box/{DAY}.csv"),
    ],
)
def test_other_stores_receive_documented_requests(
    tmp_path: Path, address: str, storage: dict[str, Any], path: str
) -> None:
    """Compares the requests with the vendors' documentation, as no server of these stores is available."""
    headers = {"ETag": '"1"', "Last_Modified": "Fri, 30 Oct 2026 00:00:00 GMT", "x_goog_generation": "1"}
    with serving(lambda request: ok(b"" if request.method == "HEAD" else CSV, headers=headers)) as server:
        keys = {name: server.url if value == "URL" else value for name, value in storage.items()}
        exports = Exports(tmp_path).source("a", address, allow_private=True, storage=keys)
        manifest = pull(exports)
    assert {unquote(request.path) for request in server.asked} == {path}
    assert (manifest.message, landed(exports, manifest)) == ("", [CSV])


@pytest.mark.parametrize(
    "pattern, path, matches",
    [
        ("a/*.csv", "a/b.csv", True), ("a/*.csv", "a/b/c.csv", False), ("a/**/c.csv", "a/c.csv", True),
        ("a/**/c.csv", "a/x/y/c.csv", True), ("a/?.csv", "a/b.csv", True), ("a/?.csv", "a//.csv", False),
        ("a/[bc].csv", "a/c.csv", True), ("a/[!bc].csv", "a/c.csv", False), ("a.csv", "axcsv", False),
        ("**", "a/b", True), ("[", "[", True), ("(a|b)+", "a", False),
    ],
)  # fmt: skip
def test_globs_match_paths(pattern: str, path: str, matches: bool) -> None:  # noqa: FBT001 - a column of the table
    assert (re.fullmatch(_expression(pattern), path) is not None) == matches
