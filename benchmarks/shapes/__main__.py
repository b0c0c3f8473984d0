"""Measures parsing: `python -m benchmarks.shapes [--accounts N] [--directory DIR]`.

Each way reads the same generated posts and writes the same columns to Parquet, in its own process, in turn and several
times; the fastest time counts, and processor time is shown with it. Lines are in the plain shape; pages are answers of
an API whose records are nested in an object, with their figures one level down.
"""

import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import click
import duckdb

from benchmarks.nightly.__main__ import generate

PAGE_RECORDS = 50
ROUNDS = 3


@click.command()
@click.option("--accounts", default=250_000, show_default=True, help="Profiles; posts are about twelve times as many.")
@click.option(
    "--directory", type=click.Path(file_okay=False, path_type=Path), help="Where to keep the generated exports."
)
@click.option("--at-most", type=float, help="Fail where the shape takes more than this many times as long.")
def main(accounts: int, directory: Path | None, at_most: float | None) -> None:
    """Parses generated posts through shapes and by hand, and prints the seconds of each."""
    with tempfile.TemporaryDirectory(prefix="smallvoices-bench-") as scratch:
        exports = directory or Path(scratch) / "exports"
        generate(exports, accounts)
        _pages(exports)
        worst = 0.0
        print(f"{'':34}{'seconds':>9}{'processor':>11}{'ratio':>8}")
        for export in ("lines", "pages"):
            ways = ("shape", "by hand, text", "by hand, typed")
            measured: dict[str, list[tuple[float, float]]] = {way: [] for way in ways}
            for _ in range(ROUNDS):
                for way in ways:
                    measured[way].append(_measure(export, way, exports, Path(scratch)))
            best = {
                way: (min(wall for wall, _ in told), min(used for _, used in told)) for way, told in measured.items()
            }
            for way in ways:
                ratio = best["shape"][1] / best[way][1]
                worst = max(worst, ratio)
                print(f"{f'{export}, {way}':34}{best[way][0]:9.2f}{best[way][1]:11.2f}{ratio:8.2f}")
    if at_most and worst > at_most:
        raise SystemExit(f"a shape takes {worst:.2f} times as long as the same SELECT by hand; allowed: {at_most:g}")


def _measure(export: str, way: str, exports: Path, scratch: Path) -> tuple[float, float]:
    """Measures wall and processor seconds of one way, in its own process."""
    command = [sys.executable, "-m", "benchmarks.shapes.parsing", export, way, str(exports), str(scratch)]
    told = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout.split()
    return float(told[0]), float(told[1])


def _pages(exports: Path) -> None:
    """Writes the posts again, as answers of an API, one page per line."""
    target = exports / "pages.ndjson"
    if target.exists():
        return
    with duckdb.connect(":memory:") as connection:
        posts = connection.sql(
            "SELECT to_json({'id': post_id, 'snippet': {'platform': platform, 'channelId': profile_id, "
            "'publishedAt': posted_at, 'kind': kind, 'title': caption}, "
            "'statistics': {'likeCount': likes, 'commentCount': comments}}) AS json "
            f"FROM read_json('{exports}/posts.ndjson', columns = {{platform: 'VARCHAR', profile_id: 'VARCHAR', "
            "post_id: 'VARCHAR', posted_at: 'VARCHAR', kind: 'VARCHAR', caption: 'VARCHAR', likes: 'VARCHAR', "
            "comments: 'VARCHAR'})"
        )
        with target.with_suffix(".part").open("w", encoding="utf-8") as file:
            for page in _in_pages(posts):
                file.write(f'{{"kind": "list", "data": {{"items": [{",".join(page)}]}}, "cursor": {{"next": "x"}}}}\n')
        target.with_suffix(".part").rename(target)


def _in_pages(posts: duckdb.DuckDBPyRelation) -> Iterator[list[str]]:
    # A whole number of pages per batch.
    for batch in posts.to_arrow_reader(400 * PAGE_RECORDS):
        records = [str(record) for record in batch.column("json").to_pylist()]
        yield from (records[place : place + PAGE_RECORDS] for place in range(0, len(records), PAGE_RECORDS))


if __name__ == "__main__":
    main()
