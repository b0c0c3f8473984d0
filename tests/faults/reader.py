"""A reader of the published files that counts its observations until it is stopped.

`python reader.py KIND PUBLISHED`, with any DuckDB client since 1.0 and nothing of this project. Kinds: `opens` (opens
the file each time), `keeps` (one connection to latest.duckdb), `manifest` (Parquet by the manifest), and `writes`
(tries to open the file for writing before it reads it).

Every row of a generation has the score that `score_of` computes from its number: any other row is torn. Closing its
standard input stops the reader; then it prints one line of JSON.
"""

import json
import os
import select
import sys
from pathlib import Path
from typing import Any

import duckdb

Seen = tuple[Any, ...]

ROWS = 200
# The publisher must make progress next to the readers.
PAUSE_SECONDS = 0.1


def score_of(generation: int) -> float:
    """Returns the score of every account of a generation."""
    return generation % 97 + 0.5


ONE = (
    "SELECT (SELECT generation FROM {0}_meta{1}), min(score), max(score), count(*), "
    "(SELECT min(score) FROM {0}micro_influencers{1}), (SELECT count(*) FROM {0}rank_history{1}) FROM {0}accounts{1}"
)


def _row(connection: duckdb.DuckDBPyConnection, sql: str) -> Seen:
    row: Seen = connection.execute(sql).fetchall()[0]
    return row


def opens(folder: str) -> Seen:
    """Reads the file, opened again."""
    with duckdb.connect(folder + "/micro_influencers.duckdb", read_only=True) as connection:
        return _row(connection, ONE.format("", ""))


def writes(folder: str) -> Seen:
    """Reads the file after a refused attempt to write."""
    try:
        duckdb.connect(folder + "/micro_influencers.duckdb", read_only=False).close()
    except duckdb.Error:
        return opens(folder)
    raise AssertionError("the file could be opened to write")


def manifest(folder: str) -> Seen:
    """Reads the Parquet files of one reading of the manifest."""
    stated = json.loads(Path(folder, "manifest.json").read_bytes())
    place = f"'{folder}/{stated['folder']}/"
    with duckdb.connect() as connection:
        row = _row(connection, ONE.format(place, ".parquet'"))
    assert row[0] == stated["generation"]
    return row


class Keeps:
    """Reads over one connection to latest.duckdb."""

    def __init__(self, folder: str) -> None:
        self._connection = duckdb.connect(folder + "/latest.duckdb", read_only=True)

    def __call__(self, _: str) -> Seen:
        """Reads each table separately: two views of one query may see different sides of a swap."""
        low, high, rows = self._one("SELECT min(score), max(score), count(*) FROM accounts")
        assert low == high
        (generation,) = self._one("SELECT generation FROM _meta")
        score = score_of(generation)
        return generation, score, score, rows, score, 3 * ROWS

    def _one(self, sql: str) -> Seen:
        return _row(self._connection, sql)


def main(kind: str, folder: str) -> None:
    """Reads until standard input is closed."""
    read = {"opens": opens, "writes": writes, "manifest": manifest}.get(kind) or Keeps(folder)
    reads = torn = back = newest = 0
    errors = []
    while not select.select([sys.stdin], [], [], PAUSE_SECONDS)[0]:
        try:
            generation, low, high, rows, low_again, history = read(folder)
        except Exception as error:  # noqa: BLE001 - whatever it is, it is what is counted
            errors.append(f"{kind}: {type(error).__name__}: {error}")
            continue
        reads += 1
        torn += not (low == high == low_again == score_of(generation) and rows == ROWS and history == 3 * ROWS)
        back += generation < newest
        newest = generation
    found = {"reads": reads, "errors": errors, "torn": torn, "back": back, "generation": newest}
    print(json.dumps(found | {"kind": kind, "duckdb": duckdb.__version__, "uid": os.getuid()}))


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2])
