"""Publishes a home in its own process: `python -m benchmarks.publishing.run bare|publish HOME SOURCES`.

Prints wall and processor seconds, including child processes.
"""

import os
import sys
import time
from pathlib import Path

import duckdb

from assets.publishing import selects
from assets.storage.lake import Lake
from schemas.config.source import SourcesFile
from schemas.config.sources_file import load
from schemas.settings import Settings


def bare(settings: Settings, loaded: SourcesFile) -> None:
    """Writes the published tables by CREATE TABLE AS into a DuckDB file with default settings, and nothing else."""
    lake = Lake(settings.lake)
    newest = lake.dates("ranking")[-1]
    settings.scratch.mkdir(parents=True, exist_ok=True)
    path = settings.home / "bare.duckdb"
    options: dict[str, str | bool | int | float | list[str]] = {
        "memory_limit": settings.memory_limit,
        "temp_directory": str(settings.scratch),
    }
    with duckdb.connect(str(path), config=options) as connection:
        for name, sql in selects.views(settings, lake, loaded, newest):
            connection.execute(f"CREATE TEMP VIEW {name} AS {sql}")
        for table in selects.tables():
            connection.execute(f"CREATE TABLE {table.name} AS {table.sql}")
    path.unlink()


def main() -> None:
    """Runs one of the two ways."""
    way, home, sources_file = sys.argv[1:]
    settings = Settings(home=Path(home), sources_file=Path(sources_file))
    loaded = load(settings.sources_file)
    began, used = time.monotonic(), sum(os.times()[:4])
    if way == "bare":
        bare(settings, loaded)
    else:
        selects.publish(settings, loaded, "benchmark")
    print(time.monotonic() - began, sum(os.times()[:4]) - used)


if __name__ == "__main__":
    main()
