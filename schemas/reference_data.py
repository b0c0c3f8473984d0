"""Reference data: the CSV files beside this module, which people read and correct."""

from pathlib import Path


def csv_path(name: str) -> Path:
    """Returns where `<name>.csv` is."""
    return Path(__file__).parent / f"{name}.csv"
