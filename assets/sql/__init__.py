"""The SQL files: one table, one file."""

from importlib.resources import files


def read_sql(name: str) -> str:
    """The text of `<name>.sql`, without its final semicolon."""
    return files(__package__).joinpath(f"{name}.sql").read_text(encoding="utf-8").rstrip().removesuffix(";")
