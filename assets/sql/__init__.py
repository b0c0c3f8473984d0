"""The SQL files: each table is one file, or one file for each of its steps.

Steps are common table expressions of the statement that `read_sql` returns. Macros and named constants are in
`macros.sql`, which every connection runs first.
"""

from collections.abc import Mapping
from importlib.resources import files

# Table to its steps: the name that later steps read each by, and its file.
STEPS: Mapping[str, Mapping[str, str]] = {
    "priors": {name: name for name in ("post_variance", "account_levels", "size_trend", "account_prior")},
    "estimates": {"post_variance": "stored_variance", "account_levels": "account_levels", "posterior": "posterior"},
}


def read_sql(name: str) -> str:
    """Returns the statement that computes a table, its steps before its own file."""
    return _after_steps(name, _read(name))


def read_step(name: str, step: str) -> str:
    """Returns the statement that computes one step of a table."""
    return _after_steps(name, f"SELECT * FROM {step}")


def _after_steps(name: str, select: str) -> str:
    steps = [f"{step} AS (\n{_read(file)}\n)" for step, file in STEPS.get(name, {}).items()]
    return (f"WITH {', '.join(steps)}\n" if steps else "") + select


def read_macros() -> str:
    """Returns the statements that define the macros and named constants."""
    return _read("macros")


def _read(name: str) -> str:
    return files(__package__).joinpath(f"{name}.sql").read_text(encoding="utf-8").rstrip().removesuffix(";")
