"""Measures ranking: `python -m benchmarks.ranking [--accounts N] [--posts-each N] [--directory DIR]`.

All programs read the same profiles and posts from the lake and write Parquet, one after the other, each in its own
process: the plain one divides a median; the second computes ratios and ranks by plain log-normal shrinkage
(shrinkage.sql); the product computes every table from ratios to segments. They are compared by processor time, which
other load on the machine affects least; starting the processes is excluded.
"""

import json
import sys
import tempfile
from datetime import date
from pathlib import Path

import click

from assets.importing.importing import import_date
from assets.landing import store
from assets.storage.lake import Lake
from benchmarks.measuring import measure
from benchmarks.nightly.__main__ import SNAPSHOT, SOURCES, generate
from schemas.config.sources_file import load
from schemas.settings import Settings


@click.command()
@click.option("--accounts", default=1_000_000, show_default=True, help="Profiles.")
@click.option("--posts-each", default=12, show_default=True, help="Posts of a profile on average.")
@click.option("--directory", type=click.Path(file_okay=False, path_type=Path), help="Where to keep the lake.")
def main(accounts: int, posts_each: int, directory: Path | None) -> None:
    """Ranks generated accounts by the product's tables and by handwritten SQL, and prints all times."""
    with tempfile.TemporaryDirectory(prefix="smallvoices-bench-") as scratch:
        folder = directory or Path(scratch)
        settings = _imported(folder, accounts, posts_each)
        lake, day = Lake(settings.lake), date.fromisoformat(SNAPSHOT)
        print(f"{lake.rows('profiles', day):,} profiles, {lake.rows('posts', day):,} posts")
        steps = [sys.executable, "-m", "benchmarks.ranking.steps", str(settings.home)]
        told = {name: measure([*steps, name]) for name in ("plain", "shrinkage", "product")}
    names = ("plain median / followers", "plain shrinkage", "smallvoices")
    used = [sum(json.loads(each.printed).values()) for each in told.values()]
    print(f"{'':24}{'processor s':>12}{'ratio':>8}{'peak MB':>9}")
    for name, seconds, each in zip(names, used, told.values(), strict=True):
        print(f"{name:24}{seconds:12.1f}{seconds / used[0]:8.2f}{each.megabytes:9.0f}")
    for table, seconds in json.loads(told["product"].printed).items():
        print(f"  {table:22}{seconds:12.1f}")


def _imported(folder: Path, accounts: int, posts_each: int) -> Settings:
    """Returns a home whose lake has one date of profiles and posts."""
    exports = folder / "exports"
    generate(exports, accounts, posts_each)
    (folder / "sources.yaml").write_text(SOURCES.format(directory=exports), encoding="utf-8")
    settings, day = Settings(home=folder / "home", sources_file=folder / "sources.yaml"), date.fromisoformat(SNAPSHOT)
    if not Lake(settings.lake).path("posts", day).exists():
        sources = load(settings.sources_file)
        for source in sources.sources:
            store.land(source, sources.shape(source), day, landing=settings.landing, folder=folder, force=False)
        import_date(settings, sources, day, "bench")
    return settings


if __name__ == "__main__":
    main()
