"""Inference of the shape of an unknown file, for `shape: auto` and `smallvoices inspect`.

Belongs here: opening the file, trying the shipped shapes, and choosing among the tables in it. Does not: the meaning of
columns (`reading`, `header_semantics`), the import, or printing.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from assets.inference.cells import Column
from assets.inference.figures import agreement
from assets.inference.numbers import Evaluator
from assets.inference.proposal import ColumnReading, Proposal, Question
from assets.inference.reading import propose, propose_nested
from assets.reading.formats import UnreadableFileError
from assets.reading.json_tables import JsonTable
from assets.reading.sniff import Sniffed, sniff
from schemas.column import PLATFORMS
from schemas.config.limits import DEFAULT_LIMITS, Limits
from schemas.quoting import identifier
from schemas.shape import Shape
from schemas.shape_file import shipped

# A shape of fewer columns fits too many files, and one of fewer than the second does not identify the platform.
_FEWEST_COLUMNS = 4
_PECULIAR_COLUMNS = 8
_MOST_KEYS = 0.9
_AGREES = 0.99
_FIGURES = ("followers", "avg_likes", "avg_comments", "avg_engagement", "reported_engagement_ratio")
_ACCOUNT = {"handle", "profile_id"}
_CORE = {"followers", "avg_likes", "posts.likes", "posts.posted_at", "reported_engagement_ratio"} | _ACCOUNT


@dataclass(frozen=True)
class Inferred:
    """The inferred reading of an unknown file.

    Attributes:
        proposal: The shape, the meaning of each column, and what is ambiguous.
        said: The detected format, as text.
        records: Records looked at.
    """

    proposal: Proposal
    said: tuple[str, ...]
    records: int


def infer(
    path: Path, *, platform: str | None = None, names: tuple[str, ...] = (), limits: Limits = DEFAULT_LIMITS
) -> Inferred:
    """Infers the reading of a file from its bytes, the declared platform and its name alone.

    Args:
        path: The file.
        platform: The platform of sources.yaml or of the command line.
        names: Names that may contain the platform, nearest first; by default those of the file and of its folder.
        limits: The size limit of a record.

    Raises:
        UnreadableFileError: It holds no table.
    """
    names = names or tuple(part for part in (path.stem, path.absolute().parent.name) if part)
    tables = [(table, _proposed(table, platform, names)) for table in sniff(path, limits)]
    best, proposal = max(tables, key=lambda pair: (_worth(pair[1]), pair[0].frame.height))
    fitting = _fitting(best, proposal, platform)
    if fitting:
        proposal = fitting
    others = [
        (table, other)
        for table, other in tables
        if table is not best and "followers" in _taken(other) and _taken(other) & _ACCOUNT
    ]
    if "followers" in _taken(proposal) and others:
        places = [_place(table) for table in (best, *(table for table, _ in others))]
        proposal.questions.append(
            Question("records", f"accounts lie in several places: {', '.join(places)}", tuple(places))
        )
    return Inferred(proposal, tuple(best.said), best.frame.height)


def named_shape(path: Path, shape: Shape, platform: str | None) -> Inferred:
    """Returns the reading of a file by a named shape instead of an inferred one.

    Raises:
        UnreadableFileError: It holds no table, or none that the shape reads.
    """
    there = list(sniff(path, DEFAULT_LIMITS))
    place = shape.profiles.records if shape.profiles else None
    of_objects = [found for table in there if place and (found := _objects_at(place, table))]
    tables = [table for table in [*there, *of_objects] if _covers(shape, table)]
    if not tables:
        raise UnreadableFileError(f"{path.name} does not fit shape {shape.name}: {_unlike(shape, there)}")
    proposal = Proposal(_declared(shape, platform), _readings(shape, tables[0]), fits=shape.name)
    if not platform and "platform" not in shape.filled("profiles" if shape.profiles else "posts"):
        proposal.questions.append(Question("platform", f"shape {shape.name} does not say it", ()))
    return Inferred(proposal, tuple(tables[0].said), tables[0].frame.height)


def _fitting(table: Sniffed, proposal: Proposal, platform: str | None) -> Proposal | None:
    """Returns the proposal of a shipped shape that fits the file and does not contradict its cells."""
    is_open = any(question.about == "platform" for question in proposal.questions)
    told = proposal.shape.platform if proposal.shape else None
    for there, shape in sorted(
        ((_there(shape, table), shape) for shape in shipped() if _covers(shape, table)), key=lambda pair: -pair[0]
    ):
        if there < (_PECULIAR_COLUMNS if is_open else _FEWEST_COLUMNS):
            continue
        if not platform and "platform" not in shape.filled("profiles"):
            continue
        # Canonical names alone are not a shape, and one that ignores figures does not fit.
        if shape.profiles is None or (_taken(proposal) & set(_FIGURES)) - set(shape.profiles.select):
            continue
        if shape.platform and (told or platform) and shape.platform not in (told, platform):
            continue
        if any(_reads(shape, canonical, column) for canonical, column in proposal.contradicted.items()):
            continue
        differing = _differing(shape, proposal, table)
        if differing:
            proposal.checks.append(f"has the columns of shape {shape.name}, and reads {', '.join(differing)} otherwise")
            continue
        return Proposal(_declared(shape, platform), _readings(shape, table), checks=proposal.checks, fits=shape.name)
    return None


def _declared(shape: Shape, platform: str | None) -> Shape:
    """Returns a shape with the declared platform, if it has none of its own."""
    is_open = platform in PLATFORMS and "platform" not in shape.filled("profiles" if shape.profiles else "posts")
    return shape.model_copy(update={"platform": platform}) if is_open else shape


def _objects_at(place: str, table: Sniffed) -> Sniffed | None:
    """Returns the table of the single objects at a path, one in each document; lists have tables of their own."""
    if table.table is None or table.table.path is not None:
        return None
    prefix = f"{place}."
    names = [name for name in table.frame.columns if name.startswith(prefix)]
    if not names:
        return None
    frame = table.frame.select(pl.col(name).alias(name.removeprefix(prefix)) for name in names)
    return Sniffed(table.layout, frame, [*table.said, f"records in {place}"], JsonTable(place, frame))


def _reads(shape: Shape, canonical: str, column: str) -> bool:
    """Returns whether a shape reads a canonical column off a column of the file."""
    sql = shape.profiles.select.get(canonical, canonical) if shape.profiles else ""
    return _reads_off(sql, column)


def _reads_off(sql: str, column: str) -> bool:
    return identifier(column) in sql or re.search(rf"(?<![\w\"]){re.escape(column)}(?![\w\"])", sql) is not None


def _there(shape: Shape, table: Sniffed) -> int:
    """Counts the columns of a shape that a file has."""
    columns = shape.profiles.read_columns if shape.profiles else []
    return sum(shape.column_name(column) in table.frame.columns for column in columns)


def _covers(shape: Shape, table: Sniffed) -> bool:
    """Returns whether a file has the columns that a shape requires."""
    if shape.profiles is None or not _is_of_its_format(shape, table):
        return False
    if table.table is not None and shape.profiles.records != table.table.path:
        return False
    is_laid_out_alike = all(
        getattr(shape, key) == getattr(table.layout, key) for key in ("delimiter", "header_line", "sheet")
    )
    columns = [shape.column_name(column) for column in shape.profiles.columns]
    there = sum(column in table.frame.columns for column in columns)
    # JSON omits keys without a value.
    return is_laid_out_alike and there >= len(columns) * (1 if table.table is None else _MOST_KEYS)


def _is_of_its_format(shape: Shape, table: Sniffed) -> bool:
    """Returns whether the bytes have a shape's format; the layout of JSON records is detected anew from each."""
    found = table.layout.format
    return shape.format in (None, found) or {shape.format, found} == {"json", "ndjson"}


def _unlike(shape: Shape, tables: Sequence[Sniffed]) -> str:
    """Returns the requirements of a shape that the first table of a file does not meet."""
    if not tables:
        return "it holds no table"
    table = tables[0]
    wanted = [shape.column_name(column) for column in shape.profiles.columns] if shape.profiles else []
    declared = {key: getattr(shape, key) for key in ("format", "delimiter", "header_line", "sheet")}
    odd = [
        f"its {key} is {found!r}, and the shape says {says!r}"
        for key, says in declared.items()
        if (found := getattr(table.layout, key)) != says and (key != "format" or not _is_of_its_format(shape, table))
    ]
    missing = [column for column in wanted if column not in table.frame.columns]
    if missing:
        odd.append(f"it lacks the columns {', '.join(missing)}; it has {', '.join(table.frame.columns)}")
    return "; ".join(odd) or "its records lie elsewhere"


def _differing(shape: Shape, proposal: Proposal, table: Sniffed) -> list[str]:
    """Returns canonical figures that a shape reads differently from the proposal."""
    if shape.profiles is None or proposal.shape is None or proposal.shape.profiles is None:
        return []
    missing = [name for name in map(shape.column_name, shape.profiles.read_columns) if name not in table.frame.columns]
    frame = table.frame.with_columns(pl.lit(None, dtype=pl.String).alias(name) for name in missing)
    declared, own = Evaluator(frame, shape), Evaluator(frame, proposal.shape)
    asked = {question.about for question in proposal.questions}
    found = []
    for name in _FIGURES:
        ours, theirs = proposal.shape.profiles.select.get(name), shape.profiles.select.get(name)
        if ours and theirs and not asked & set(proposal.shape.profiles.read_columns):
            first, second = declared.values(theirs), own.values(ours)
            if not first.equals(second) and agreement(first, second) < _AGREES:
                found.append(name)
    return found


def _readings(shape: Shape, table: Sniffed) -> list[ColumnReading]:
    taken = shape.profiles.select if shape.profiles else {}
    # A column with a canonical name is read without an expression.
    by_name = shape.filled("profiles") - set(taken) if shape.profiles else set()
    readings = []
    for name in table.frame.columns:
        column = Column(name, table.frame[name])
        used = next(
            (key for key, sql in taken.items() if _reads_off(sql, name)),
            name if name in by_name else "",
        )
        readings.append(
            ColumnReading(
                name,
                used,
                "sure" if used else "aside",
                f"shape {shape.name}" if used else "not read by the shape",
                column.sample,
            )
        )
    return readings


def _proposed(table: Sniffed, platform: str | None, names: tuple[str, ...]) -> Proposal:
    proposal = propose(table.frame, table.layout, platform=platform, names=names)
    if table.table is None or proposal.shape is None:
        return proposal
    if table.table.path:
        shape = proposal.shape
        within = {"records": table.table.path}
        proposal.shape = shape.model_copy(
            update={
                "profiles": shape.profiles and shape.profiles.model_copy(update=within),
                "posts": shape.posts and shape.posts.model_copy(update=within),
            }
        )
    if proposal.shape.posts is None:
        # A best-of list has the columns of the whole list, and fewer records.
        nested = [
            (len(_taken(with_posts) & _CORE), items.height, len(with_posts.columns), with_posts)
            for path, items in table.table.nested.items()
            if (with_posts := propose_nested(proposal, path, items)) is not None
        ]
        return max(nested, key=lambda one: one[:3])[3] if nested else proposal
    return proposal


def _worth(proposal: Proposal) -> tuple[bool, bool, int, int]:
    taken = _taken(proposal)
    return "followers" in taken, proposal.is_decided, len(taken & _CORE), len(taken)


def _taken(proposal: Proposal) -> set[str]:
    return {column.taken_for for column in proposal.columns}


def _place(table: Sniffed) -> str:
    if table.layout.format == "xlsx":
        return f"sheet: {table.layout.sheet}"
    path = table.table.path if table.table else None
    return f"records: {path}" if path else "(no `records`: the document's own account)"
