"""Measures a nightly run: `python -m benchmarks.nightly [--accounts N] [--directory DIR]`.

All programs read the same files, one after the other, each in its own process.
"""

import sys
import tempfile
from pathlib import Path

import click
import duckdb

from benchmarks.measuring import measure

SNAPSHOT = "2026-10-31"
SOURCES = """
sources:
  - name: generated
    shape: smallvoices
    url: {directory}/profiles.ndjson
    posts_url: {directory}/posts.ndjson
"""


@click.command()
@click.option(
    "--accounts", default=1_000_000, show_default=True, help="Profiles; posts are about twelve times as many."
)
@click.option(
    "--directory", type=click.Path(file_okay=False, path_type=Path), help="Where to keep the generated export."
)
def main(accounts: int, directory: Path | None) -> None:
    """Runs the nightly run, the plain script and the I/O floor over a generated export, and prints all three."""
    with tempfile.TemporaryDirectory(prefix="smallvoices-bench-") as scratch:
        folder = Path(scratch)
        exports = directory or folder / "exports"
        generate(exports, accounts)
        size = sum(file.stat().st_size for file in exports.iterdir()) / 1e9
        print(f"{accounts:,} profiles with their posts, {size:.2f} GB of NDJSON")
        (folder / "bare").mkdir()
        bare = measure([sys.executable, "-m", "benchmarks.nightly.bare", str(exports), str(folder / "bare")])
        (folder / "sources.yaml").write_text(SOURCES.format(directory=exports), encoding="utf-8")
        command = [str(Path(sys.executable).with_name("smallvoices")), "nightly", "--date", SNAPSHOT]
        nightly = measure([*command, "--sources", str(folder / "sources.yaml"), "--home", str(folder / "home")])
        (folder / "io_floor").mkdir()
        module = [sys.executable, "-m", "benchmarks.nightly.io_floor"]
        io_floor = measure([*module, str(exports), str(folder / "home"), str(folder / "io_floor")])
    print(f"{'':40}{'seconds':>9}{'peak MB':>9}")
    rows = {"bare DuckDB script": bare, "I/O floor": io_floor, "smallvoices nightly": nightly}
    for name, measured in rows.items():
        print(f"{name:40}{measured.seconds:9.1f}{measured.megabytes:9.0f}")
    for name, one, other in (
        ("smallvoices nightly / bare", nightly, bare),
        ("I/O floor / bare", io_floor, bare),
        ("smallvoices nightly / I/O floor", nightly, io_floor),
    ):
        print(f"{name:40}{one.seconds / other.seconds:9.2f}{one.megabytes / other.megabytes:9.2f}")


def generate(exports: Path, accounts: int, posts_each: int = 12) -> None:
    """Writes the export, unless it exists already."""
    if (exports / "posts.ndjson").exists():
        return
    exports.mkdir(parents=True, exist_ok=True)
    with duckdb.connect(":memory:") as connection:
        connection.execute("SET VARIABLE accounts = $1", [accounts])
        connection.execute("SET VARIABLE posts_each = $1", [posts_each])
        connection.execute("SET VARIABLE snapshot_date = $1", [SNAPSHOT])
        connection.execute("SET VARIABLE directory = $1", [str(exports)])
        connection.execute((Path(__file__).parent / "generate.sql").read_text(encoding="utf-8"))


if __name__ == "__main__":
    main()
