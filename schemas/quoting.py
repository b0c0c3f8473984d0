"""Names and values as SQL writes them, so that no text from outside is ever taken for SQL."""

from collections.abc import Iterable


def literal(value: object) -> str:
    """A value as a SQL text literal."""
    return "'" + str(value).replace("'", "''") + "'"


def identifier(name: str) -> str:
    """A name as a quoted SQL identifier."""
    return '"' + name.replace('"', '""') + '"'


def parquet(paths: Iterable[object]) -> str:
    """The union of Parquet files, as a DuckDB relation."""
    return f"read_parquet([{', '.join(map(literal, paths))}], hive_partitioning = false, union_by_name = true)"
