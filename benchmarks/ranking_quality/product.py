"""The product's own ranking of a world: its SQL files, over profiles and posts as a night would have accepted them."""

from collections.abc import Mapping
from datetime import date, datetime
from pathlib import Path

import numpy as np
import polars as pl
from pandera.polars import DataFrameModel

from assets.metrics.computing import parameters, reference
from assets.sql import read_sql
from assets.storage.engine import stream_sql
from benchmarks.ranking_quality.estimate import Estimate
from benchmarks.ranking_quality.world import World
from schemas.authenticity import Authenticity
from schemas.config.source import Metrics
from schemas.describe import polars_schema
from schemas.engagement import Engagement
from schemas.estimates import Estimates
from schemas.history import History
from schemas.norms import Norms
from schemas.posts import Posts
from schemas.priors import Priors
from schemas.profiles import Profiles
from schemas.ranking import Ranking
from schemas.settings import Settings
from schemas.topics import Topics

SNAPSHOT = date(2026, 10, 31)


def estimate(world: World, folder: Path) -> Estimate:
    """What the product publishes of each account of a world.

    Args:
        world: Accounts and posts; nothing of the truth is passed on.
        folder: Where DuckDB may spill.
    """
    settings = Settings(home=folder, sources_file=folder / "sources.yaml", threads=1)
    rows = tables(settings, profiles_of(world), posts_of(world))["ranking"]
    rows = rows.sort("profile_id")
    with np.errstate(divide="ignore"):
        logs = {name: np.log(rows[name].cast(pl.Float64).fill_null(np.nan).to_numpy()) for name in _LOGS}
    score = rows["score"].cast(pl.Float64).fill_null(np.nan).to_numpy() / 100
    merit = np.log(score / (1 - score))
    return Estimate(
        log_estimate=logs["engagement_estimate"],
        # What rank goes by: the lift, less what is doubted of it.
        log_typical=logs["engagement_estimate"] - merit,
        log_low=logs["engagement_low"],
        log_high=logs["engagement_high"],
        doubt=1 - rows["authenticity"].cast(pl.Float64).fill_null(1).to_numpy(),
    )


_LOGS = ("engagement_estimate", "engagement_low", "engagement_high")


def tables(
    settings: Settings, profiles: pl.DataFrame, posts: pl.DataFrame, earlier: pl.DataFrame | None = None
) -> dict[str, pl.DataFrame]:
    """The tables of a night, from `engagement` to `ranking`.

    Args:
        settings: Where DuckDB may spill.
        profiles: In the columns of their contract.
        posts: In the columns of their contract.
        earlier: Profiles of earlier dates, where there are any.
    """
    tiers = reference("tiers")
    engagement = _run(
        settings,
        "engagement",
        Engagement,
        {"profiles": profiles, "posts": posts, "tiers": tiers, "parameters": parameters(Metrics())},
    )
    earlier = pl.DataFrame(schema=polars_schema(Profiles)) if earlier is None else earlier
    history = _run(settings, "history", History, {"profiles": profiles, "earlier": earlier, "tiers": tiers})
    return ranked(settings, engagement, history) | {"engagement": engagement, "history": history}


def ranked(
    settings: Settings, engagement: pl.DataFrame, history: pl.DataFrame | None = None
) -> dict[str, pl.DataFrame]:
    """The tables of a night from `priors` to `ranking`."""
    found = {
        "engagement": engagement,
        "history": pl.DataFrame(schema=polars_schema(History)) if history is None else history,
        "topics": pl.DataFrame(schema=polars_schema(Topics)),
        "parameters": parameters(Metrics()),
    } | {name: reference(name) for name in ("tiers", "default_priors", "default_norms", "weights")}
    for name, model in _STEPS.items():
        found[name] = _run(settings, name, model, found)
    return {name: found[name] for name in _STEPS}


_STEPS: dict[str, type[DataFrameModel]] = {
    "priors": Priors,
    "estimates": Estimates,
    "norms": Norms,
    "authenticity": Authenticity,
    "ranking": Ranking,
}


def _run(
    settings: Settings, name: str, model: type[DataFrameModel], inputs: Mapping[str, pl.DataFrame]
) -> pl.DataFrame:
    schema = polars_schema(model)
    batches = [
        pl.DataFrame(batch).select(pl.col(column).cast(kind) for column, kind in schema.items())
        for batch in stream_sql(settings, read_sql(name), inputs)
    ]
    return pl.concat([pl.DataFrame(schema=schema), *batches])


def profiles_of(world: World) -> pl.DataFrame:
    """The accounts as a night would have accepted them."""
    size = world.followers.size
    likes, comments = world.average()
    return landed(
        pl.DataFrame(
            {
                "platform": world.platform,
                "profile_id": _ids(np.arange(size)),
                "followers": world.followers,
                "averaged_posts": pl.Series(np.bincount(world.account, minlength=size)).zip_with(
                    pl.Series(world.averaged & world.regime.counted), pl.Series([None], dtype=pl.Int64)
                ),
                "avg_likes": pl.Series(likes).zip_with(pl.Series(world.averaged), pl.Series([None], dtype=pl.Float64)),
                "avg_comments": pl.Series(comments).zip_with(
                    pl.Series(world.averaged), pl.Series([None], dtype=pl.Float64)
                ),
            }
        ),
        polars_schema(Profiles),
    )


def posts_of(world: World) -> pl.DataFrame:
    """The posts as a night would have accepted them."""
    told = ~world.averaged[world.account]
    midnight = datetime.combine(SNAPSHOT, datetime.min.time())
    return landed(
        pl.DataFrame(
            {
                "platform": world.platform[world.account[told]],
                "profile_id": _ids(world.account[told]),
                "post_id": np.flatnonzero(told),
                "posted_at": pl.Series(world.age[told] * 86_400e6).cast(pl.Int64).cast(pl.Duration("us")),
                "kind": np.where(world.is_reel[told], "reel", "image"),
                "likes": world.likes[told],
                "comments": world.comments[told],
                "hidden": world.hidden[told],
            }
        ).select(
            "platform",
            "profile_id",
            "kind",
            "comments",
            post_id=pl.col("post_id").cast(pl.String),
            posted_at=pl.lit(midnight) - pl.col("posted_at"),
            likes=pl.when(~pl.col("hidden")).then("likes"),
        ),
        polars_schema(Posts),
    )


def _ids(numbers: np.ndarray) -> pl.Series:
    return pl.Series(numbers).cast(pl.String).str.zfill(9)


def landed(frame: pl.DataFrame, schema: pl.Schema) -> pl.DataFrame:
    """The frame in the columns of the schema, with what every landed row carries."""
    provenance = {
        "source": pl.lit("world"),
        "snapshot_date": pl.lit(SNAPSHOT),
        "snapshot_age_days": pl.lit(0),
        "landed_file": pl.lit("world"),
        "landed_row": pl.int_range(pl.len()) + 1,
    }
    frame = frame.with_columns(**provenance)
    missing = [pl.lit(None).alias(name) for name in schema if name not in frame.columns]
    return frame.with_columns(missing).select(pl.col(name).cast(dtype) for name, dtype in schema.items())
