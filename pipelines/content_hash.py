"""What a published file says, as one short text: equal for equal rows, whatever their order.

Belongs here: the hash, and `python -m pipelines.content_hash FILE`, which computes it in a process that has
nothing to do with the one that built the file.
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
    """Rows per table, and the hash over all of them but `_meta`."""

    rows: Mapping[str, int]
    content_hash: str


def contents(connection: duckdb.DuckDBPyConnection, catalog: str) -> Contents:
    """Counts and hashes the published tables of an attached file.

    Args:
        connection: A connection that the file is attached to.
        catalog: The name it is attached as.

    Returns:
        Row counts of every table, and the content hash. Each row is hashed as the text of its cells and the
        hashes are summed, so that neither the order of rows nor DuckDB's version matters.
    """
    rows: dict[str, int] = {}
    digest = hashlib.sha256()
    for table in sorted(TABLES):
        columns = [row[0] for row in connection.execute(f'DESCRIBE "{catalog}".main."{table}"').fetchall()]
        hashed = [name for name in columns if name not in NOT_HASHED.get(table, ())]
        cells = ", ".join(f"coalesce(CAST({identifier(name)} AS VARCHAR), chr(0))" for name in hashed)
        count, total = connection.execute(
            f"SELECT count(*), coalesce(sum(md5_number_lower(line)), 0) "
            f'FROM (SELECT concat_ws(chr(31), {cells}) AS line FROM "{catalog}".main."{table}")'
        ).fetchall()[0]
        rows[table] = count
        if table != META:
            digest.update(f"{table} {','.join(hashed)} {count} {total}\n".encode())
    return Contents(rows, digest.hexdigest())


def main(path: str) -> None:
    """Prints the contents of a published file as JSON."""
    with duckdb.connect(":memory:", config={"memory_limit": "1GB"}) as connection:
        connection.execute(f"ATTACH {literal(path)} AS pub (READ_ONLY)")
        sys.stdout.write(json.dumps(asdict(contents(connection, "pub"))))


if __name__ == "__main__":
    main(sys.argv[1])
