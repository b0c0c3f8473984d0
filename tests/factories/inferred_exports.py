"""Synthetic exports, inferred and read, for tests of inference."""

from pathlib import Path
from typing import Any

import duckdb

from assets.inference.inference import Inferred, infer
from assets.reading.text_columns import open_columns
from schemas.shape import Records, Shape


def inferred(
    folder: Path, content: str | bytes, name: str = "export.csv", platform: str | None = "instagram"
) -> Inferred:
    """Infers a file of this content."""
    path = folder / name
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return infer(path, platform=platform, names=(Path(name).stem,))


def rows(
    folder: Path,
    content: str | bytes,
    name: str = "export.csv",
    platform: str | None = "instagram",
    records: Records = "profiles",
) -> list[dict[str, Any]]:
    """Returns the non-null canonical columns, record by record, of an export without ambiguity."""
    told = inferred(folder, content, name, platform).proposal
    assert not told.questions, [f"{question.about}: {question.text}" for question in told.questions]
    assert told.shape is not None
    return read(folder / name, told.shape, records)


def read(path: Path, shape: Shape, records: Records) -> list[dict[str, Any]]:
    """Returns the non-null canonical columns, record by record, of an export read by a shape."""
    with duckdb.connect(":memory:") as connection:
        connection.execute(shape.macros())
        text = open_columns(connection, path, shape, shape.read_columns(records), exact=True)
        query = shape.query(records, text.relation, None, numbered=text.numbered)
        found = connection.sql(query).pl().to_dicts()
    left_out = ("landed_row", "is_blank", "raw", "handle_original")
    return [{key: value for key, value in row.items() if value is not None and key not in left_out} for row in found]


def asked(
    folder: Path, content: str | bytes, name: str = "export.csv", platform: str | None = "instagram"
) -> dict[str, str]:
    """Returns the questions by subject, with their text."""
    return {question.about: question.text for question in inferred(folder, content, name, platform).proposal.questions}


def aside(
    folder: Path, content: str | bytes, name: str = "export.csv", platform: str | None = "instagram"
) -> dict[str, str]:
    """Returns the ignored columns, with the reason."""
    return {
        column.column: column.why
        for column in inferred(folder, content, name, platform).proposal.columns
        if not column.taken_for
    }
