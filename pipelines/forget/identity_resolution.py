"""Resolution of every id and handle of an account, from landing and lake.

Belongs here: following ids to handles and back. On one day a handle of a platform belongs to one account, so ids that
share it on that day are the same account under different vendors; on another day it may belong to somebody else.
"""

import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass

import polars as pl

from assets.erasing.records import identities, kinds
from assets.importing.open_files import open_files
from assets.landing import store
from assets.landing.store import Manifest
from assets.reading.formats import UnreadableFileError
from assets.storage import progress
from assets.storage.lake import Lake
from pipelines.forget.person import Person
from schemas.config.source import Source, SourcesFile
from schemas.settings import Settings

_SEEN = {"day": pl.Date, "profile_id": pl.String, "handle": pl.String}


@dataclass(frozen=True)
class Pull:
    """One landed pull and its source."""

    source: Source
    manifest: Manifest


def pulls(settings: Settings, sources: SourcesFile) -> list[Pull]:
    """Returns every pull that left files, of the sources in sources.yaml; the same content of a date once."""
    found: dict[tuple[str, str, str], Pull] = {}
    for source in sources.sources:
        for place in sorted((settings.landing / source.name).glob("????-??-??")):
            for manifest in store.pulls_of(place):
                if manifest.files:
                    found.setdefault((source.name, manifest.snapshot_date, manifest.content), Pull(source, manifest))
    return list(found.values())


def person(settings: Settings, sources: SourcesFile, platform: str, name: str) -> Person | None:
    """Identifies the account of a name.

    Args:
        settings: The settings of the home.
        sources: The sources, which define how landed files are read.
        platform: The platform.
        name: A native id, or a handle, with or without `@`.

    Returns:
        The account; None if no record has that name.
    """
    asked = Person(platform, frozenset({name}), frozenset({normal(name)}))
    seen = _in_lake(settings, asked) if Lake(settings.lake).dates("profiles") else pl.DataFrame(schema=_SEEN)
    if seen.is_empty():
        seen = _seen(settings, sources, asked)
    if seen.is_empty():
        return None
    found = _meant(platform, name, seen)
    while True:
        seen = _seen(settings, sources, found)
        grown = _grown(found, seen)
        if grown.names == found.names:
            return grown
        found = grown


def normal(handle: str) -> str:
    """Normalizes a handle to the form of the lake."""
    return unicodedata.normalize("NFKC", handle).strip().lstrip("@").lower()


def _meant(platform: str, name: str, seen: pl.DataFrame) -> Person:
    """Returns the account of a name: by id, or else the most recent account with that handle."""
    if not name.startswith("@") and (seen["profile_id"] == name).any():
        return Person(platform, frozenset({name}))
    called = seen.filter(pl.col("handle") == normal(name))
    last = called.filter(pl.col("day") == called["day"].max())
    return Person(platform, frozenset(last["profile_id"].drop_nulls().to_list()), frozenset({normal(name)}))


def _grown(known: Person, seen: pl.DataFrame) -> Person:
    own = seen.filter(pl.col("profile_id").is_in(list(known.ids)) & pl.col("handle").is_not_null())
    held = set(own.select("handle", "day").rows())
    handles = known.handles | {handle for handle, _ in held}
    named = seen.filter(pl.col("profile_id").is_not_null() & pl.col("handle").is_in(list(handles)))
    ids = known.ids | {
        profile_id for day, profile_id, handle in named.select("day", "profile_id", "handle").rows()
        if (handle, day) in held
    }  # fmt: skip
    elsewhere = {
        (handle, day) for day, profile_id, handle in named.select("day", "profile_id", "handle").rows()
        if profile_id not in ids
    }  # fmt: skip
    return Person(known.platform, ids, handles, frozenset(elsewhere))


def _seen(settings: Settings, sources: SourcesFile, asked: Person) -> pl.DataFrame:
    return pl.concat([_in_lake(settings, asked), *_in_landing(settings, sources, asked)]).unique()


def _in_lake(settings: Settings, asked: Person) -> pl.DataFrame:
    lake = Lake(settings.lake)
    frames = [
        lake.scan("profiles", day)
        .filter((pl.col("platform") == asked.platform) & _says(asked))
        .select(
            day=pl.col("snapshot_date") - pl.duration(days=pl.col("data_age_days")),
            profile_id=pl.when(~pl.col("profile_id").str.starts_with("@")).then("profile_id"),
            handle="handle",
        )
        .cast(_SEEN)  # type: ignore[arg-type] # a mapping of names to types
        .collect()
        for day in lake.dates("profiles")
    ]
    return pl.concat([pl.DataFrame(schema=_SEEN), *frames])


def _in_landing(settings: Settings, sources: SourcesFile, asked: Person) -> Iterator[pl.DataFrame]:
    landed = pulls(settings, sources)
    for number, pull in enumerate(landed, start=1):
        progress.report("look for ids and handles", number, total=len(landed), unit="files")
        try:
            shape = sources.shape(pull.source)
            with open_files(settings, pull.source, shape, pull.manifest.files) as (opened, _):
                for part in opened:
                    for records in kinds(part):
                        rows = identities(settings, part, pull.source, records)
                        yield (
                            rows.filter((pl.col("platform") == asked.platform) & _says(asked))
                            .select(day=pl.lit(pull.manifest.date), profile_id="profile_id", handle="handle")
                            .unique()
                        )
        except UnreadableFileError:
            continue  # searched as text during erasure


def _says(asked: Person) -> pl.Expr:
    return (pl.col("profile_id").is_in(list(asked.ids)) | pl.col("handle").is_in(list(asked.handles))).fill_null(
        value=False
    )
