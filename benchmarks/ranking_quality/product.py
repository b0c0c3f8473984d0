"""The product's own ranking: its SQL files, over profiles and posts as a nightly run would have accepted them."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from pathlib import Path

import numpy as np
import polars as pl
from pandera.polars import DataFrameModel

from assets.metrics.computing import parameters, reference
from assets.sql import read_sql
from assets.storage.engine import stream_sql
from benchmarks.ranking_quality.accounts import Accounts, Floats
from benchmarks.ranking_quality.estimate import Estimate
from benchmarks.ranking_quality.ingredients import REPLACEMENTS
from schemas.authenticity import Authenticity
from schemas.baselines import Baselines
from schemas.config.source import Metrics
from schemas.describe import polars_schema
from schemas.engagement import Engagement
from schemas.estimates import Estimates
from schemas.history import History
from schemas.posts import Posts
from schemas.priors import Priors
from schemas.profiles import Profiles
from schemas.ranking import Ranking
from schemas.settings import Settings
from schemas.topics import Topics

NAME = "smallvoices"
SNAPSHOT = date(2026, 10, 31)


def estimate(accounts: Accounts, folder: Path, without: Sequence[str] = ()) -> Estimate:
    """Returns the product's ranking.

    Args:
        accounts: Accounts and posts.
        folder: The folder in which DuckDB may spill.
        without: Ingredients of the model to switch off.
    """
    rows = _tables_of(accounts, folder, without, "ranking")["ranking"].sort("profile_id")
    score = rows["score"].cast(pl.Float64).fill_null(np.nan).to_numpy() / 100
    log_estimate = _logs(rows["engagement_estimate"])
    return Estimate(
        log_estimate=log_estimate,
        # Accounts are ranked by the score: the lift minus the suspicion.
        log_typical=log_estimate - np.log(score / (1 - score)),
        log_low=_logs(rows["engagement_ci_lower"]),
        log_high=_logs(rows["engagement_ci_upper"]),
        suspicion=1 - rows["authenticity"].cast(pl.Float64).fill_null(1).to_numpy(),
    )


def posterior(accounts: Accounts, folder: Path, without: Sequence[str] = ()) -> Estimate:
    """Returns the product's estimates alone; arguments as of `estimate`."""
    rows = pl.DataFrame({"profile_id": _ids(np.arange(accounts.followers.size))}).join(
        _tables_of(accounts, folder, without, "estimates")["estimates"],
        on="profile_id",
        how="left",
        maintain_order="left",
    )
    return Estimate(
        log_estimate=_logs(rows["engagement_estimate"]),
        log_typical=_logs(rows["expected_ratio"]),
        log_low=_logs(rows["engagement_ci_lower"]),
        log_high=_logs(rows["engagement_ci_upper"]),
    )


def authenticity(accounts: Accounts, folder: Path) -> pl.DataFrame:
    """Returns the product's table of that name, a row per account in their order."""
    return _tables_of(accounts, folder, (), "authenticity")["authenticity"].sort("profile_id")


def _logs(values: pl.Series) -> Floats:
    with np.errstate(divide="ignore"):
        logs: Floats = np.log(values.cast(pl.Float64).fill_null(np.nan).to_numpy())
    return logs


def _tables_of(accounts: Accounts, folder: Path, without: Sequence[str], last: str) -> dict[str, pl.DataFrame]:
    settings = Settings(home=folder, sources_file=folder / "sources.yaml", threads=1)
    return tables(settings, profiles_of(accounts), posts_of(accounts), without=without, last=last)


def tables(
    settings: Settings,
    profiles: pl.DataFrame,
    posts: pl.DataFrame,
    earlier: pl.DataFrame | None = None,
    *,
    without: Sequence[str] = (),
    last: str = "ranking",
) -> dict[str, pl.DataFrame]:
    """Returns the tables of a nightly run, from `engagement` to `ranking`.

    Args:
        settings: The settings, with the folder in which DuckDB may spill.
        profiles: In the columns of their contract.
        posts: In the columns of their contract.
        earlier: Profiles of earlier dates, if there are any.
        without: Ingredients of the model to switch off.
        last: The last table to compute.
    """
    tiers = reference("tiers")
    engagement = _run(
        settings,
        "engagement",
        Engagement,
        {"profiles": profiles, "posts": posts, "tiers": tiers, "parameters": parameters(Metrics())},
        without,
    )
    earlier = pl.DataFrame(schema=polars_schema(Profiles)) if earlier is None else earlier
    history = _run(settings, "history", History, {"profiles": profiles, "earlier": earlier, "tiers": tiers})
    found = ranked(settings, engagement, history, without=without, last=last)
    return found | {"engagement": engagement, "history": history}


def ranked(
    settings: Settings,
    engagement: pl.DataFrame,
    history: pl.DataFrame | None = None,
    *,
    without: Sequence[str] = (),
    last: str = "ranking",
) -> dict[str, pl.DataFrame]:
    """Returns the tables of a nightly run from `priors` on; arguments as of `tables`."""
    found = {
        "engagement": engagement,
        "history": pl.DataFrame(schema=polars_schema(History)) if history is None else history,
        "topics": pl.DataFrame(schema=polars_schema(Topics)),
        "parameters": parameters(Metrics()),
    } | {name: reference(name) for name in ("tiers", "default_priors", "default_baselines", "score_weights")}
    steps = list(_STEPS)[: list(_STEPS).index(last) + 1]
    for name in steps:
        found[name] = _run(settings, name, _STEPS[name], found, without)
    return {name: found[name] for name in steps}


_STEPS: dict[str, type[DataFrameModel]] = {
    "priors": Priors,
    "estimates": Estimates,
    "baselines": Baselines,
    "authenticity": Authenticity,
    "ranking": Ranking,
}


def _run(
    settings: Settings,
    name: str,
    model: type[DataFrameModel],
    inputs: Mapping[str, pl.DataFrame],
    without: Sequence[str] = (),
) -> pl.DataFrame:
    schema = polars_schema(model)
    # DuckDB runs the statements in turn and streams the last: replacements come after the macros of the connection.
    sql = "\n".join([*(REPLACEMENTS[ingredient] for ingredient in without), read_sql(name)])
    batches = [
        pl.DataFrame(batch).select(pl.col(column).cast(kind) for column, kind in schema.items())
        for batch in stream_sql(settings, sql, inputs)
    ]
    return pl.concat([pl.DataFrame(schema=schema), *batches])


def profiles_of(accounts: Accounts) -> pl.DataFrame:
    """Returns the accounts as a nightly run would accept them."""
    size = accounts.followers.size
    likes, comments = accounts.average()
    return landed(
        pl.DataFrame(
            {
                "platform": accounts.platform,
                "profile_id": _ids(np.arange(size)),
                "followers": accounts.followers,
                "averaged_posts": pl.Series(accounts.posts).zip_with(
                    pl.Series(accounts.averaged & accounts.counted), pl.Series([None], dtype=pl.Int64)
                ),
                "avg_likes": pl.Series(likes).zip_with(
                    pl.Series(accounts.averaged), pl.Series([None], dtype=pl.Float64)
                ),
                "avg_comments": pl.Series(comments).zip_with(
                    pl.Series(accounts.averaged), pl.Series([None], dtype=pl.Float64)
                ),
            }
        ),
        polars_schema(Profiles),
    )


def posts_of(accounts: Accounts) -> pl.DataFrame:
    """Returns the posts as a nightly run would accept them."""
    shown = ~accounts.averaged[accounts.account]
    midnight = datetime.combine(SNAPSHOT, datetime.min.time())
    return landed(
        pl.DataFrame(
            {
                "platform": accounts.platform[accounts.account[shown]],
                "profile_id": _ids(accounts.account[shown]),
                "post_id": np.flatnonzero(shown),
                "posted_at": pl.Series(accounts.age[shown] * 86_400e6).cast(pl.Int64).cast(pl.Duration("us")),
                "kind": np.where(accounts.is_reel[shown], "reel", "image"),
                "likes": accounts.likes[shown],
                "comments": accounts.comments[shown],
                "hidden": accounts.hidden[shown],
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
    """Returns the frame in the columns of the schema, with the common columns of landed rows."""
    provenance = {
        "source": pl.lit("world"),
        "snapshot_date": pl.lit(SNAPSHOT),
        "data_age_days": pl.lit(0),
        "landed_file": pl.lit("world"),
        "landed_row": pl.int_range(pl.len()) + 1,
    }
    frame = frame.with_columns(**provenance)
    missing = [pl.lit(None).alias(name) for name in schema if name not in frame.columns]
    return frame.with_columns(missing).select(pl.col(name).cast(dtype) for name, dtype in schema.items())
