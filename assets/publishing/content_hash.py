"""Content hash of the published tables.

Belongs here: the content hash, which two runs over the same bytes share, and the verification of a generation by a
process that is independent of its builder (`python -m assets.publishing.content_hash FOLDER TABLES`): it reads all
files back, Parquet and DuckDB, and loads nothing else of the project.
"""

import hashlib
import json
import sys
from collections.abc import Collection, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

import duckdb

from schemas.quoting import identifier, literal, parquet

META = "_meta"
FILE_NAME = "micro_influencers.duckdb"


@dataclass(frozen=True)
class Contents:
    """Row count of every table, and the content hash of all tables."""

    rows: Mapping[str, int]
    content_hash: str


def contents(connection: duckdb.DuckDBPyConnection, catalog: str, left_out: Mapping[str, Collection[str]]) -> Contents:
    """Reads the published tables.

    A row counts by DuckDB's own hash of its cells, and the hashes are summed, so that the order of rows does not
    matter. Fractional numbers are rounded to twelve decimals: beyond their precision, and coarser than differences
    between the exp and ln of two machines.

    Args:
        connection: A connection that the tables are attached to.
        catalog: The name they are attached as.
        left_out: The tables, each with the columns that do not count.
    """
    return _read(connection, catalog, left_out)[0]


def _read(
    connection: duckdb.DuckDBPyConnection,
    catalog: str,
    left_out: Mapping[str, Collection[str]],
    *,
    exactly: bool = False,
) -> tuple[Contents, dict[str, tuple[int, int]]]:
    """Returns the contents and, on request, rows and a sum over every bit of every table, in one pass."""
    exact: dict[str, tuple[int, int]] = {}
    digest = hashlib.sha256()
    for table in sorted(left_out):
        relation = f"{catalog}.main.{table}"
        types = dict(row[:2] for row in connection.execute(f"DESCRIBE {relation}").fetchall())
        hashed = [name for name in types if name not in left_out[table]]
        cells = ", ".join(_counted(identifier(name), types[name]) for name in hashed)
        sums = f"{_SUM.format(f'hash({cells})')}, {_SUM.format('hash(t)') if exactly else '0'}"
        count, total, bits = connection.execute(f"SELECT count(*), {sums} FROM {relation} AS t").fetchall()[0]
        exact[table] = count, bits
        digest.update(f"{table} {','.join(hashed)} {count} {total}\n".encode())
    return Contents({table: found[0] for table, found in exact.items()}, digest.hexdigest()), exact


_SUM = "coalesce(sum(CAST({} AS HUGEINT)), 0)"


def _counted(cell: str, kind: str) -> str:
    if kind != "DOUBLE":
        return cell
    rounded, whole = f"CAST(round({cell} * 1e12) AS BIGINT)", f"CAST(hash({cell}) >> 1 AS BIGINT)"
    return f"CASE WHEN abs({cell}) < 9e6 THEN {rounded} ELSE {whole} END"


def _exact(connection: duckdb.DuckDBPyConnection, relation: str) -> tuple[int, int]:
    count, bits = connection.execute(f"SELECT count(*), {_SUM.format('hash(t)')} FROM {relation} AS t").fetchall()[0]
    return count, bits


def main(folder: Path, left_out: Mapping[str, Collection[str]]) -> None:
    """Prints the contents of a generation as JSON, after checking that its Parquet files equal its DuckDB file."""
    with duckdb.connect(":memory:", config={"memory_limit": "1GB"}) as connection:
        connection.execute(f"ATTACH {literal(folder / FILE_NAME)} AS pub (READ_ONLY)")
        found, exact = _read(connection, "pub", left_out, exactly=True)
        stated = connection.execute(f"SELECT content_hash FROM pub.main.{META}").fetchall()[0][0]
        if stated != found.content_hash:
            sys.exit(f"{META} states the content hash {stated}, and the tables have {found.content_hash}")
        exact[META] = _exact(connection, f"pub.main.{META}")
        for table, sums in exact.items():
            if _exact(connection, parquet([folder / f"{table}.parquet"])) != sums:
                sys.exit(f"{table}: its Parquet file says something else than {FILE_NAME}")
    sys.stdout.write(json.dumps(asdict(found)))


if __name__ == "__main__":
    main(Path(sys.argv[1]), json.loads(sys.argv[2]))
