"""Records of a landed file as the import reads them: the account of each, and a hash of its content.

Belongs here: reading identities through the shape, whatever the column names of a vendor. Does not: redacting records
(`redaction`), or identifying the person (`pipelines/forget`).
"""

from collections import OrderedDict
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

import duckdb
import polars as pl
import pyarrow as pa

from assets.importing.open_files import LandedPart
from assets.landing.suppression import is_empty
from assets.reading.formats import UnreadableFileError
from assets.reading.record_lookup import raw_records
from assets.reading.text_columns import open_columns
from assets.storage import batches
from assets.storage.engine import connect
from schemas.config.source import Source
from schemas.first_line import first_line
from schemas.settings import Settings
from schemas.shape import RECORDS, Records, canonical_columns
from schemas.standard_forms import standardised

# Returns the mask of matching rows of `platform`, `profile_id` and `handle`.
Match = Callable[[pl.DataFrame], pl.Series]

IDENTITY = {"platform": pl.String, "profile_id": pl.String, "handle": pl.String}
# Size of the cache; in a larger home files are read again.
_KEPT_BYTES = 128_000_000
_ROW = {"landed_row": pl.Int64, **IDENTITY, "is_blank": pl.Boolean, "digest": pl.UInt64}


@dataclass(frozen=True)
class Meant:
    """Matching records of one kind.

    Attributes:
        rows: Records of the file by number, wholly.
        places: Record to places in its list of posts, from 1, where only single posts of it are meant.
    """

    rows: frozenset[int]
    places: Mapping[int, frozenset[int]]

    def __bool__(self) -> bool:
        return bool(self.rows or self.places)


def kinds(part: LandedPart) -> list[Records]:
    """Lists the kinds of record that are read from a file."""
    return [records for records in RECORDS if part.holds(records)]


def identities(
    settings: Settings, part: LandedPart, source: Source, records: Records, *, with_digest: bool = False
) -> pl.DataFrame:
    """Returns all records of a kind, in order.

    Columns: `landed_row`, `platform`, `profile_id`, `handle`, `is_blank` and `digest`.

    The digest is a hash of the record's whole content, or 0.

    Records that could not be cut into cells are there without names.

    Raises:
        UnreadableFileError: The file cannot be read by its shape.
    """
    # Identifies the bytes, also after a move.
    lies = part.path.stat()
    key = (lies.st_dev, lies.st_ino, lies.st_mtime_ns, lies.st_size, records, part.shape, source)
    if (known := _READ.get(key, with_digest=with_digest)) is not None:
        return known
    for exact in (False, True):
        found = _read(settings, part, source, records, exact=exact, with_digest=with_digest)
        if found is not None:
            _READ.keep(key, found, with_digest=with_digest)
            return found
    raise AssertionError


class _Read:
    """Cache of the landed files read last: lookup, redaction and verification each need them again."""

    def __init__(self) -> None:
        self._frames: OrderedDict[str, tuple[pl.DataFrame, bool]] = OrderedDict()
        self._bytes = 0.0

    def get(self, key: tuple[object, ...], *, with_digest: bool) -> pl.DataFrame | None:
        """Returns the cached records of a file, if they have a digest where one is required."""
        found, has_digest = self._frames.get(repr(key), (None, False))
        return found if has_digest or not with_digest else None

    def keep(self, key: tuple[object, ...], frame: pl.DataFrame, *, with_digest: bool) -> None:
        """Caches records, and evicts the oldest above the limit."""
        before, _ = self._frames.pop(repr(key), (None, False))
        self._frames[repr(key)] = (frame, with_digest)
        self._bytes += frame.estimated_size() - (before.estimated_size() if before is not None else 0)
        while self._bytes > _KEPT_BYTES:
            _, (oldest, _) = self._frames.popitem(last=False)
            self._bytes -= oldest.estimated_size()


_READ = _Read()


def meant(
    settings: Settings,
    part: LandedPart,
    source: Source,
    records: Records,
    match: Match,
    is_named_in: Callable[[str], bool] | None = None,
) -> Meant:
    """Finds the matching records.

    Args:
        settings: Settings of the home.
        part: The file.
        source: Its source.
        records: The kind of record.
        match: Returns the mask of matching rows.
        is_named_in: Whether a text names the person; used for records that cannot be read.

    Raises:
        UnreadableFileError: The file cannot be read by its shape.
    """
    rows = identities(settings, part, source, records).with_columns(place=pl.int_range(pl.len()).over("landed_row") + 1)
    hit = rows.filter(match(rows))
    selection = part.shape.selection(records)
    if selection and selection.nested:
        # A matching profile includes its posts; of another profile, only the matching post counts.
        places = {
            row: frozenset(group["place"].to_list())
            for (row,), group in hit.partition_by("landed_row", as_dict=True).items()
        }
        return Meant(frozenset(), places)
    numbers = set(hit["landed_row"].to_list())
    nameless = set(rows.filter(is_empty(rows))["landed_row"].to_list())
    if is_named_in and nameless:
        within = part.shape.read_columns(records).records
        with connect(settings, part.path.parent) as connection:
            raw = raw_records(connection, part.path, part.shape, nameless, within)
        numbers |= {number for number, (_, text) in raw.items() if is_named_in(text)}
    return Meant(frozenset(numbers), {})


def _read(
    settings: Settings, part: LandedPart, source: Source, records: Records, *, exact: bool, with_digest: bool
) -> pl.DataFrame | None:
    """Returns the records, or None if the fast reader failed."""
    with connect(settings, part.path.parent) as connection:
        connection.execute(part.shape.macros())
        text = open_columns(connection, part.path, part.shape, part.shape.read_columns(records), exact=exact)
        selection = part.shape.selection(records)
        is_numbered = bool(text.numbered or (selection and (selection.where or selection.nested)))
        # Without the record's number, which not every reader gives.
        said = f"hash(row({', '.join(canonical_columns(records))}))" if with_digest else "CAST(0 AS UBIGINT)"
        query = part.shape.query(records, text.relation, part.platform(source), numbered=text.numbered)
        try:
            frames = list(_frames(connection, query, is_numbered=is_numbered, said=said))
        except (duckdb.Error, OSError, pa.ArrowException) as error:
            if text.is_fast_csv:
                return None
            raise UnreadableFileError(
                f"{part.path.name} cannot be read as shape {part.shape.name}: {first_line(error)}"
            ) from error
        if text.may_lack_records(sum(frame.height for frame in frames), part.path):
            return None
        rejects = pl.DataFrame([{"landed_row": reject.landed_row} for reject in text.rejects], schema=_ROW)
        return pl.concat([pl.DataFrame(schema=_ROW), *frames, rejects]).sort("landed_row", maintain_order=True)


def _frames(
    connection: duckdb.DuckDBPyConnection, query: str, *, is_numbered: bool, said: str
) -> Iterator[pl.DataFrame]:
    number = "landed_row, " if is_numbered else ""
    rows = connection.sql(f"SELECT {number}{', '.join(IDENTITY)}, is_blank, {said} AS digest FROM ({query})")
    count = 0
    for frame in batches.of_rows(rows.to_arrow_reader(batches.ROWS)):
        numbered = frame if is_numbered else frame.with_row_index("landed_row", count + 1)
        count += frame.height
        yield standardised(numbered.select(pl.col(name).cast(kind) for name, kind in _ROW.items()))
