"""A nightly run of sixty sources of several files each, in every format, with one broken file of each kind."""

import gzip
import io
import json
import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import duckdb
import openpyxl
import polars as pl
import pytest
import yaml

from assets.storage.lake import Lake
from tests.factories.command import Command
from tests.factories.small_exports import DAY

SOURCES = 60
FILES = 4
ROWS = 25
Records = list[dict[str, object]]


def _csv(records: Records) -> bytes:
    # A quoted line break in every file, as in biographies.
    lines = ["platform,handle,followers,avg_likes,avg_comments,biography"]
    lines += [",".join(map(str, record.values())) + ',"one\nline"' for record in records]
    return ("\n".join(lines) + "\n").encode()


def _ndjson(records: Records) -> bytes:
    return "".join(json.dumps(record) + "\n" for record in records).encode()


def _parquet(records: Records) -> bytes:
    out = io.BytesIO()
    pl.DataFrame(records).write_parquet(out)
    return out.getvalue()


def _xlsx(records: Records) -> bytes:
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    table: list[list[Any]] = [list(records[0]), *(list(record.values()) for record in records)]
    for row in table:
        sheet.append(row)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def _zip(records: Records) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("part.csv", _csv(records))
    return out.getvalue()


# Format of the shape, extension, and the writer of such a file.
KINDS: Mapping[str, tuple[str, str, Callable[[Records], bytes]]] = {
    "csv": ("csv", "csv", _csv),
    "ndjson": ("ndjson", "ndjson", _ndjson),
    "json": ("json", "json", lambda records: json.dumps(records, indent=1).encode()),
    "gzip": ("csv", "csv.gz", lambda records: gzip.compress(_csv(records), mtime=0)),
    "zip": ("csv", "zip", _zip),
    "parquet": ("parquet", "parquet", _parquet),
    "xlsx": ("xlsx", "xlsx", _xlsx),
}
SHAPE = """
description: Made up for a test.
format: {format}
profiles:
  columns: [platform, handle, followers, avg_likes, avg_comments]
  select: {{}}
"""


def _records(source: int, file: int) -> Records:
    return [
        {
            "platform": "instagram",
            "handle": f"s{source}f{file}h{row}",
            "followers": 2_000 + 13 * row + source,
            "avg_likes": 90 + row,
            "avg_comments": 5,
        }
        for row in range(ROWS)
    ]


def _write(folder: Path) -> list[str]:
    """Writes exports, shapes and sources.yaml; returns the names of the sources with a broken file."""
    (folder / "shapes").mkdir()
    sources, broken = [], []
    for number in range(SOURCES):
        kind = list(KINDS)[number % len(KINDS)]
        shape_format, ending, content = KINDS[kind]
        name = f"{kind}_{number:02}"
        (folder / f"shapes/made_{kind}.yaml").write_text(SHAPE.format(format=shape_format), encoding="utf-8")
        place = folder / name
        place.mkdir()
        for file in range(FILES):
            written = content(_records(number, file))
            # The last file of the first source of each kind is truncated.
            if number < len(KINDS) and file == FILES - 1:
                written = written[: len(written) // 2]
                broken.append(name)
            (place / f"{DAY}-{file}.{ending}").write_bytes(written)
        sources.append({"name": name, "shape": f"made_{kind}", "url": f"{name}/{{date}}-*.{ending}"})
    (folder / "sources.yaml").write_text(yaml.safe_dump({"sources": sources}), encoding="utf-8")
    return broken


@pytest.mark.proof
def test_nightly_run_of_many_sources_publishes_and_reconciles(smallvoices: Command, tmp_path: Path) -> None:
    broken = _write(tmp_path)
    night = smallvoices("nightly", "--date", str(DAY))
    assert night.code == 0, night.err
    report = Lake(tmp_path / "home/lake").scan("import_report", DAY).collect()
    parts = pl.sum_horizontal("accepted", "quarantined", "deduplicated", "erased")
    assert report.filter(pl.col("landed") != parts).is_empty()
    whole = report.filter(pl.col("state") == "published")
    names = {row["name"] for row in yaml.safe_load((tmp_path / "sources.yaml").read_text())["sources"]}
    refused = names - set(whole["source"])
    assert refused <= set(broken)
    # A source whose truncated file still has complete records may be published without the rest.
    assert set(whole.filter(pl.col("quarantined") > 0)["source"]) <= set(broken)
    for source in names - set(broken):
        rows = whole.filter(pl.col("source") == source)
        assert (rows["landed_file"].n_unique(), rows["accepted"].sum()) == (FILES, FILES * ROWS), source
    with duckdb.connect(str(tmp_path / "home/published/micro_influencers.duckdb"), read_only=True) as published:
        accounts = published.execute("SELECT count(*) FROM accounts").fetchall()[0][0]
    assert accounts == whole["accepted"].sum()
