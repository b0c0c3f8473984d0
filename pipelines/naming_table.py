"""What DuckDB refuses of a published table, told with the table's name."""

from collections.abc import Iterator
from contextlib import contextmanager

import duckdb

from assets.storage import atomic_write
from schemas.first_line import first_line
from schemas.validation import ContractError


@contextmanager
def naming_table(table: str) -> Iterator[None]:
    """Has an error name the table, unless it is of the disk.

    Raises:
        ContractError: The table cannot be made.
    """
    try:
        yield
    except duckdb.Error as error:
        if atomic_write.is_of_disk(error):
            raise
        raise ContractError(f"{table}: {first_line(error)}") from None
