"""The lake's files: on a disk that refuses them, and in buckets of accounts."""

import hashlib
import resource
from datetime import date
from pathlib import Path

import polars as pl
import pytest

from assets.metrics.computing import compute, reference
from assets.storage import engine, lookback
from assets.storage.atomic_write import DiskError
from assets.storage.lake import Lake
from schemas.history import History
from tests.factories.small_exports import DAY, Exports, ago, ndjson_bytes


def test_disk_error_names_the_table_path(tmp_path: Path) -> None:
    lake, day = Lake(tmp_path), date(2026, 10, 31)
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, limits[1]))
    try:
        with pytest.raises(DiskError, match=rf"{tmp_path}/.* cannot be written: File too large; make room or mend"):
            lake.write("quarantine", day, "run", pl.DataFrame({"row": [1]}))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert not list(tmp_path.rglob("*.parquet"))


def test_bucket_is_the_first_md5_digit_of_the_account(tmp_path: Path) -> None:
    exports = Exports(tmp_path).source("only", "a.ndjson")
    people = [
        {"platform": "tiktok", "profile_id": f"{number}ü", "handle": f"h{number}", "followers": 1}
        for number in range(99)
    ]
    exports.write("a.ndjson", ndjson_bytes(people))
    for row in exports.run().profiles:
        assert row["bucket"] == int(hashlib.md5(row["profile_id"].encode(), usedforsecurity=False).hexdigest()[0], 16)
    assert Lake(exports.settings.lake).notes("profiles", DAY) == {"bucket_hash": "md5", "buckets": "16"}
    assert Lake(exports.settings.lake).notes("posts", DAY) == {"bucket_hash": "md5", "buckets": "16"}


def test_lookback_reads_dates_bucketed_by_another_hash(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    exports = Exports(tmp_path).source("only", "a.ndjson")
    lake = Lake(exports.settings.lake)

    def history(day: date) -> list[dict[str, object]]:
        back = lookback.of(lake, day)
        inputs = {
            "profiles": lake.path("profiles", day),
            "import_report": lake.path("import_report", day),
            "tiers": reference("tiers"),
            **back.inputs,
        }
        by_bucket = ["profiles", "earlier"]
        compute(exports.settings, "history", History, inputs, day, "run", by_bucket=by_bucket, notes=back.notes)
        return lake.scan("history", day).collect().sort("profile_id").to_dicts()

    for days in (14, 7, 0):
        people = [
            {"platform": "tiktok", "profile_id": str(number), "handle": f"h{number}_{days}", "followers": 1000 - days}
            for number in range(100)
        ]
        exports.write("a.ndjson", ndjson_bytes(people))
        exports.run(ago(days))
    expected = history(DAY)
    assert len(expected) == 100
    monkeypatch.setattr(engine, "_ONE_PASS_BYTES", 0)
    assert history(DAY) == expected
    # As in earlier lakes: bucketed by Polars' hash, which differs between its versions, and without a note.
    for days in (14, 7):
        path = lake.path("profiles", ago(days))
        frame = pl.read_parquet(path, hive_partitioning=False)
        frame.with_columns(bucket=((pl.col("bucket") + 1) % 16).cast(pl.UInt8)).write_parquet(path)
    assert history(DAY) == expected
