"""Quoting of names and values for SQL, so that no external text is executed as SQL."""

from collections.abc import Iterable


def literal(value: object) -> str:
    """Returns a value as a SQL text literal."""
    return "'" + str(value).replace("'", "''") + "'"


def identifier(name: str) -> str:
    """Returns a name as a quoted SQL identifier."""
    return '"' + name.replace('"', '""') + '"'


def parquet(paths: Iterable[object]) -> str:
    """Returns the union of Parquet files, as a DuckDB relation."""
    return f"read_parquet([{', '.join(map(literal, paths))}], hive_partitioning = false, union_by_name = true)"
