"""The lake's files on a disk that refuses them."""

import resource
from datetime import date
from pathlib import Path

import polars as pl
import pytest

from assets.storage.atomic_write import DiskError
from assets.storage.lake import Lake


def test_a_table_that_the_disk_refuses_is_told_with_its_path(tmp_path: Path) -> None:
    lake, day = Lake(tmp_path), date(2026, 10, 31)
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, limits[1]))
    try:
        with pytest.raises(DiskError, match=rf"{tmp_path}/.* cannot be written: File too large; make room or mend"):
            lake.write("quarantine", day, "run", pl.DataFrame({"row": [1]}))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert not list(tmp_path.rglob("*.parquet"))
