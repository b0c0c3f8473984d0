"""What a published file says, in numbers that can be compared.

Belongs here: the content hash, which two runs over the same bytes share, and the quick account of a file by which a
process that has nothing to do with the one that built it (`python -m pipelines.content_hash FILE`) confirms that it
can be read back whole.
"""

import hashlib
import json
import sys
from collections.abc import Mapping
from dataclasses import asdict, dataclass

import duckdb

from schemas.published import NOT_HASHED, TABLES
from schemas.quoting import identifier, literal

META = "_meta"


@dataclass(frozen=True)
class Contents:
    """Rows of every table, a checksum over every cell of them, and the content hash that `_meta` states.

    Checksums are DuckDB's own hashes, summed: fast, and equal only within one version of it.
    """

    rows: Mapping[str, int]
    checksums: Mapping[str, str]
    content_hash: str


def contents(connection: duckdb.DuckDBPyConnection, catalog: str) -> Contents:
    """Reads every cell of a published file.

    Args:
        connection: A connection that the file is attached to.
        catalog: The name it is attached as.
    """
    rows: dict[str, int] = {}
    checksums: dict[str, str] = {}
    for table in TABLES:
        count, checksum = connection.execute(
            f"SELECT count(*), coalesce(sum(CAST(hash(t) AS HUGEINT)), 0) FROM {catalog}.main.{table} AS t"
        ).fetchall()[0]
        rows[table], checksums[table] = count, str(checksum)
    stated = connection.execute(f"SELECT content_hash FROM {catalog}.main.{META}").fetchall()[0][0]
    return Contents(rows, checksums, stated)


def content_hash(connection: duckdb.DuckDBPyConnection, catalog: str) -> str:
    """Hashes every table but `_meta`.

    Each row is hashed as the text of its cells, and the hashes are summed, so that neither the order of rows nor
    DuckDB's version matters. Fractional numbers count to twelve decimals, which is beyond what they mean and short of
    where two machines' exp and ln may differ.
    """
    digest = hashlib.sha256()
    for table in sorted(set(TABLES) - {META}):
        types = dict(row[:2] for row in connection.execute(f"DESCRIBE {catalog}.main.{table}").fetchall())
        hashed = [name for name in types if name not in NOT_HASHED.get(table, ())]
        cells = ", ".join(_text(identifier(name), types[name]) for name in hashed)
        count, total = connection.execute(
            f"SELECT count(*), coalesce(sum(md5_number_lower(line)), 0) "
            f"FROM (SELECT concat_ws(chr(31), {cells}) AS line FROM {catalog}.main.{table})"
        ).fetchall()[0]
        digest.update(f"{table} {','.join(hashed)} {count} {total}\n".encode())
    return digest.hexdigest()


def _text(cell: str, kind: str) -> str:
    text = f"CAST({cell} AS VARCHAR)"
    if kind == "DOUBLE":
        text = f"CASE WHEN abs({cell}) < 9e6 THEN CAST(CAST(round({cell} * 1e12) AS BIGINT) AS VARCHAR) ELSE {text} END"
    return f"coalesce({text}, chr(0))"


def main(path: str) -> None:
    """Prints the contents of a published file as JSON."""
    with duckdb.connect(":memory:", config={"memory_limit": "1GB"}) as connection:
        connection.execute(f"ATTACH {literal(path)} AS pub (READ_ONLY)")
        sys.stdout.write(json.dumps(asdict(contents(connection, "pub"))))


if __name__ == "__main__":
    main(sys.argv[1])
