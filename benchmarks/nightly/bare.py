"""Runs bare.sql over a folder of exports, in its own process: `python -m benchmarks.nightly.bare IN OUT`."""

import sys
from pathlib import Path

import duckdb


def main(directory: Path, output: Path) -> None:
    """Parses, groups, ranks and writes the exports of `directory` to `output`."""
    with duckdb.connect(":memory:", config={"temp_directory": str(output / "scratch")}) as connection:
        connection.execute("SET VARIABLE directory = $1", [str(directory)])
        connection.execute("SET VARIABLE output = $1", [str(output)])
        connection.execute(f"ATTACH '{output}/ranked.duckdb' AS pub")
        connection.execute((Path(__file__).parent / "bare.sql").read_text(encoding="utf-8"))
        connection.execute("DETACH pub")


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
