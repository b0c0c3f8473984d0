"""One client that reads the published files on each line of input: `python clients.py KIND PUBLISHED`.

Prints one line of JSON per read: generation, accounts and micro-influencers. The functions are those of
`docs/readers.md`; each runs in its own environment, without this project.
"""

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

Look = Callable[[], Any]

COUNTS = (
    "SELECT (SELECT generation FROM _meta), (SELECT count(*) FROM accounts), (SELECT count(*) FROM micro_influencers)"
)


def duckdb_anew(folder: str) -> Look:
    import duckdb

    def look() -> object:
        with duckdb.connect(folder + "/micro_influencers.duckdb", read_only=True) as connection:
            return connection.execute(COUNTS).fetchall()[0]

    return look


def duckdb_kept(folder: str) -> Look:
    import duckdb

    connection = duckdb.connect(folder + "/latest.duckdb", read_only=True)
    return lambda: connection.execute(COUNTS).fetchall()[0]


def duckdb_each_way(folder: str) -> Look:
    """Returns generation, accounts and micro-influencers for each way of opening."""
    looks = [duckdb_anew(folder), duckdb_kept(folder), duckdb_attached(folder)]
    return lambda: [look() for look in looks]


def duckdb_stale(folder: str) -> Look:
    import duckdb

    connection = duckdb.connect(folder + "/micro_influencers.duckdb", read_only=True)
    return lambda: connection.execute(COUNTS).fetchall()[0]


def duckdb_attached(folder: str) -> Look:
    import duckdb

    connection = duckdb.connect()

    def look() -> object:
        connection.execute(f"ATTACH '{folder}/micro_influencers.duckdb' AS published (READ_ONLY)")
        try:
            connection.execute("USE published")
            return connection.execute(COUNTS).fetchall()[0]
        finally:
            connection.execute("USE memory")
            connection.execute("DETACH published")

    return look


def _engine(url: str, **options: Any) -> Look:
    import sqlalchemy

    engine = sqlalchemy.create_engine(url, connect_args={"read_only": True}, **options)

    def look() -> object:
        with engine.connect() as connection:
            return tuple(connection.execute(sqlalchemy.text(COUNTS)).one())

    return look


def sqlalchemy_pooled(folder: str) -> Look:
    look = _engine("duckdb:///" + folder + "/latest.duckdb", pool_size=3)
    return lambda: [look() for _ in range(3)][-1]


def sqlalchemy_anew(folder: str) -> Look:
    import sqlalchemy.pool

    return _engine("duckdb:///" + folder + "/micro_influencers.duckdb", poolclass=sqlalchemy.pool.NullPool)


def adbc(folder: str) -> Look:
    from adbc_driver_duckdb import driver_path
    from adbc_driver_manager import dbapi

    connection = dbapi.connect(
        driver=driver_path(),
        entrypoint="duckdb_adbc_init",
        # Without the mode it opens the file for writing.
        db_kwargs={"path": folder + "/latest.duckdb", "access_mode": "READ_ONLY"},
        autocommit=True,
    )

    def look() -> object:
        with connection.cursor() as cursor:
            cursor.execute(COUNTS)
            return tuple(cursor.fetch_arrow_table().to_pylist()[0].values())

    return look


def _parquet(folder: str, read: Callable[[str], Any]) -> Look:
    def look() -> object:
        stated = json.loads(Path(folder, "manifest.json").read_bytes())
        tables = [
            read(f"{folder}/{stated['folder']}/{table}.parquet") for table in ("_meta", "accounts", "micro_influencers")
        ]
        return int(tables[0]["generation"][0]), len(tables[1]), len(tables[2])

    return look


def pandas(folder: str) -> Look:
    import pandas as pd

    return _parquet(folder, pd.read_parquet)


def polars(folder: str) -> Look:
    import polars as pl

    return _parquet(folder, pl.read_parquet)


def main(kind: str, folder: str) -> None:
    look = globals()[kind](folder)
    for _ in sys.stdin:
        print(json.dumps([*look()]), flush=True)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2])
