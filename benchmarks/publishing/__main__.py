"""Measures publishing: `python -m benchmarks.publishing [--accounts N] [--at-most RATIO]`.

A nightly run builds the lake; 89 synthetic earlier days of its first micro-influencers (a tenth of the accounts) are
added. Then two processes run one after the other: a publish, and plain CREATE TABLE AS of the same SELECTs into a
DuckDB file. Times exclude the start of Python.
"""

import sys
import tempfile
from datetime import date, timedelta
from pathlib import Path

import click
import duckdb

from assets.storage.lake import Lake
from benchmarks.measuring import measure
from benchmarks.nightly.__main__ import SNAPSHOT, SOURCES, generate
from schemas.settings import Settings

DAYS = 90
_PUBLISH, _BARE = "publish", "bare CREATE TABLE AS"
_EARLIER = """
COPY (
    SELECT * REPLACE (
        DATE '{day}' AS snapshot_date,
        row_number() OVER (ORDER BY hash(profile_id, '{day}')) AS rank,
        least(greatest(score + hash(profile_id, '{day}') % 1000 / 250.0 - 2, 0), 100) AS score,
        engagement_estimate * (0.95 + hash(profile_id, '{day}') % 1000 / 1e4) AS engagement_estimate
    )
    FROM '{newest}' WHERE rank IS NOT NULL
) TO '{path}' (FORMAT parquet)
"""


@click.command()
@click.option("--accounts", default=1_000_000, show_default=True)
@click.option("--at-most", type=float, help="Fail where a publish takes more times the bare one's processor time.")
def main(accounts: int, at_most: float | None) -> None:
    """Builds the lake, runs both, and prints their times and memory."""
    with tempfile.TemporaryDirectory(prefix="smallvoices-bench-") as scratch:
        folder = Path(scratch)
        generate(folder / "exports", accounts)
        (folder / "sources.yaml").write_text(SOURCES.format(directory=folder / "exports"), encoding="utf-8")
        where = ["--home", str(folder / "home"), "--sources", str(folder / "sources.yaml")]
        measure([str(Path(sys.executable).with_name("smallvoices")), "nightly", "--date", SNAPSHOT, *where])
        settings = Settings(home=folder / "home", sources_file=folder / "sources.yaml")
        _invent_history(Lake(settings.lake), accounts // 10)
        arguments = [str(settings.home), str(settings.sources_file)]
        told = {}
        for name, way in ((_PUBLISH, "publish"), (_BARE, "bare")):
            found = measure([sys.executable, "-m", "benchmarks.publishing.run", way, *arguments])
            seconds, processor = map(float, found.printed.split()[-2:])
            told[name] = (seconds, processor, found.megabytes)
    print(f"{accounts:,} accounts, {DAYS} days of {accounts // 10:,} micro-influencers")
    print(f"{'':26}{'seconds':>9}{'processor':>11}{'peak MB':>9}{'times':>8}{'':>8}{'':>8}")
    bare = told[_BARE]
    for name, figures in told.items():
        ratios = "".join(f"{figure / base:8.2f}" for figure, base in zip(figures, bare, strict=True))
        print(f"{name:26}{figures[0]:9.1f}{figures[1]:11.1f}{figures[2]:9.0f}{ratios}")
    ratio = told[_PUBLISH][1] / bare[1]
    if at_most and ratio > at_most:
        raise SystemExit(f"publishing takes {ratio:.2f} times as much as the bare tables; allowed: {at_most:g}")


def _invent_history(lake: Lake, micro: int) -> None:
    newest = date.fromisoformat(SNAPSHOT)
    path = lake.path("ranking", newest)
    aside = path.with_name("aside")
    with duckdb.connect() as connection:
        kept = f"CASE WHEN rank <= {micro} THEN rank END AS rank"
        connection.execute(f"COPY (SELECT * REPLACE ({kept}) FROM '{path}') TO '{aside}' (FORMAT parquet)")
        aside.replace(path)
        for age in range(1, DAYS):
            day = newest - timedelta(days=age)
            earlier = lake.path("ranking", day)
            earlier.parent.mkdir(parents=True)
            connection.execute(_EARLIER.format(day=day, newest=path, path=earlier))


if __name__ == "__main__":
    main()
