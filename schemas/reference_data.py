"""Reference data: the CSV files in this folder, which are edited by hand."""

from pathlib import Path


def csv_path(name: str) -> Path:
    """Returns the path of `<name>.csv`."""
    return Path(__file__).parent / f"{name}.csv"
