"""The contract of the published file: its tables, in order.

Within a released `CONTRACT_VERSION`, no column changes its name, type, unit or meaning.
"""

from collections.abc import Mapping

import pandera.polars as pa
import polars as pl
from pandera.polars import DataFrameModel

from schemas.account import Account
from schemas.authenticity import Authenticity
from schemas.baselines import Baselines
from schemas.benchmarks import TierBenchmarks
from schemas.column import MAX_COMPUTED, PLATFORMS, column, count, fraction, text
from schemas.contacts import Contacts
from schemas.creators import CREATOR_ID, CREATOR_REASON
from schemas.describe import Column, columns
from schemas.history import GROWTH_7D, GROWTH_30D, HandleChanges
from schemas.landed import Timestamp
from schemas.quarantine import Quarantine
from schemas.ranking import Ranking
from schemas.segments import Segments

CONTRACT_VERSION = 2
# A version may change until its release; later changes need the next version.
CONTRACT_IS_OPEN = True

# The order of columns for readers.
ACCOUNT_COLUMNS = (
    "rank", "score", "platform", "profile_id", "handle", "display_name", "profile_url", "followers", "tier", "sector",
    "sector_basis", "country", "language", "sex", "age_band", "tone", "tone_basis", "like_rate", "comment_rate",
    "engagement_ratio", "engagement_ratio_mean", "view_engagement_ratio", "reported_engagement_ratio",
    "engagement_null_reason", "engagement_ci_lower", "engagement_estimate", "engagement_ci_upper", "lift",
    "lift_ci_lower", "tier_percentile", "tier_accounts", "authenticity", "recency", "flags", "posts_sampled",
    "engagement_basis", "hidden_like_posts", "days_since_last_post", "posts_per_week", "sponsored_share",
    "sponsored_lift", "followers_growth_7d", "followers_growth_30d", "rank_in_tier", "rank_in_platform",
    "rank_in_sector", "rank_in_country", "creator_id", "creator_reason", "snapshot_date", "data_age_days", "source",
    "landed_file", "landed_row",
)  # fmt: skip


class Accounts(Ranking, Account):
    """Accounts of any size on the newest date; rank is null outside the micro-influencer tiers."""

    followers_growth_7d: pl.Float64 = GROWTH_7D
    followers_growth_30d: pl.Float64 = GROWTH_30D
    creator_id: pl.String = CREATOR_ID
    creator_reason: pl.String = CREATOR_REASON


class MicroInfluencers(Accounts):
    """Micro-influencers on the newest date, best first: accounts of the ranked tiers that have a rank."""


class RankHistory(pa.DataFrameModel):
    """Rank of every micro-influencer on every date of the last 90 days."""

    snapshot_date: pl.Date = column("Date of the snapshot, UTC.", nullable=False)
    platform: pl.String = column("Platform of the account.", nullable=False, isin=PLATFORMS)
    profile_id: pl.String = text("Id of the account, as in `accounts`.", nullable=False)
    rank: pl.Int64 = column("Rank among all micro-influencers of that date.", unit="place", nullable=False, ge=1)
    score: pl.Float64 = column("Score on that date.", unit="points", nullable=False, ge=0.0, le=100.0)
    followers: pl.Int64 = count("Followers on that date.", unit="accounts", nullable=False)
    engagement_estimate: pl.Float64 = fraction("engagement_estimate on that date.", le=MAX_COMPUTED, nullable=False)
    same_parameters: pl.Boolean = column(
        "True where the date was computed with the current `parameters`; figures with other parameters are not "
        "comparable. Null where the parameters were not recorded."
    )


class ScoreWeights(pa.DataFrameModel):
    """Weight of each component in authenticity and in the score."""

    part: pl.String = column(
        "Figure that the component is part of: authenticity or score.", nullable=False, isin=("authenticity", "score")
    )
    component: pl.String = column("Column that is weighted.", nullable=False)
    version: pl.Int64 = column("Version of the weight.", unit="version", nullable=False, ge=1)
    weight: pl.Float64 = fraction(
        "Share of authenticity or lift that the component removes at most: at suspicion 1, or at a component of 0.",
        nullable=False,
    )
    indicator: pl.String = column("Column that the component is computed from.", nullable=False)
    meaning: pl.String = text("Meaning of the component.", nullable=False)


class Parameters(pa.DataFrameModel):
    """Parameters of the computation of the newest date, in one row; null where they were not recorded."""

    window_days: pl.Int64 = count("Maximum age of posts that are used.", unit="days")
    settle_days: pl.Int64 = count("Minimum age of posts that are used.", unit="days")
    sample_posts: pl.Int64 = count("Number of newest posts that ratios are computed over.", unit="posts")
    interval_z: pl.Float64 = column(
        "Half width of the credible interval of engagement_estimate: 1.28 for 80 %, 1.64 for 90 %, 1.96 for 95 %.",
        unit="standard deviations",
        ge=0.0,
        le=10.0,
    )


class HandleHistory(HandleChanges):
    """Previous handles of accounts, each with the date of the first snapshot with the new handle."""


class SegmentRanks(Segments):
    """Rank of every micro-influencer in each of its segments of at least 5 accounts."""


class SegmentLeaders(pa.DataFrameModel):
    """Top 40 micro-influencers of every segment of at least 5 accounts."""

    dimension: pl.String = column("Column that defines the segment, as in `segment_ranks`.", nullable=False)
    segment: pl.String = text("Value of that column, as in `segment_ranks`.", nullable=False)
    rank_in_segment: pl.Int64 = column("Rank within the segment.", unit="place", nullable=False, ge=1, le=40)
    platform: pl.String = column("Platform of the account.", nullable=False, isin=PLATFORMS)
    profile_id: pl.String = text("Id of the account, as in `accounts`.", nullable=False)
    score: pl.Float64 = column("Score of the account.", unit="points", nullable=False, ge=0.0, le=100.0)


class PublishedQuarantine(Quarantine):
    """Records rejected in the last 30 days, with e-mail addresses and phone numbers redacted."""

    raw: pl.String = column(
        "Raw record, truncated to 4,000 characters; e-mail addresses and phone numbers are redacted."
    )


class SourceStatus(pa.DataFrameModel):
    """State and record counts of each source on the newest date."""

    source: pl.String = column("Name of the source in sources.yaml.", nullable=False)
    state: pl.String = column(
        "published, carried_forward (rows of an earlier date are used), quarantine_limit_exceeded, row_count_drop, "
        "unreadable or missing.",
        nullable=False,
    )
    last_pulled_at: Timestamp = column("Time of the last successful pull, UTC.")
    snapshot_date: pl.Date = column("Date of the landed files of its published rows, UTC.")
    landed_bytes: pl.Int64 = count("Size of its landed files.", unit="bytes", nullable=False)
    landed_rows: pl.Int64 = count("Records in its landed files.", unit="records", nullable=False)
    accepted: pl.Int64 = count("Records that satisfy the contract and are used.", unit="records", nullable=False)
    quarantined: pl.Int64 = count(
        "Records that violate the contract; all records where the source is rejected as a whole.",
        unit="records",
        nullable=False,
    )
    deduplicated: pl.Int64 = count("Older duplicates of an account or post.", unit="records", nullable=False)
    erased: pl.Int64 = count("Records of erased persons.", unit="records", nullable=False)
    sha256: pl.String = column("Hash of its landed files.")
    message: pl.String = column("Error and its remedy; null without an error.")
    inferred: pl.String = column(
        "Mapping of columns of the export to columns of the contract, inferred by `shape: auto`; else null."
    )

    class Config:
        strict = True


class Meta(pa.DataFrameModel):
    """Metadata of the published generation, in one row."""

    generation: pl.Int64 = count(
        "Number of the generation; increases with every publication.", unit="generation", nullable=False
    )
    snapshot_date: pl.Date = column("Newest snapshot date in the file, UTC.", nullable=False)
    run_id: pl.String = column("Id of the Dagster run that built the file.", nullable=False)
    built_at: Timestamp = column("Time of the build, UTC.", nullable=False)
    contract_version: pl.Int64 = count("Version of this contract.", unit="version", nullable=False)
    code_version: pl.String = column("Version of smallvoices that built the file.", nullable=False)
    content_hash: pl.String = column(
        "Hash of all rows of all other tables, without pull times; equal for equal landed bytes, configuration and "
        "version of DuckDB.",
        nullable=False,
    )
    rows: pl.Int64 = count("Total rows of all other tables.", unit="rows", nullable=False)


TABLES: Mapping[str, type[DataFrameModel]] = {
    "micro_influencers": MicroInfluencers,
    "accounts": Accounts,
    "rank_history": RankHistory,
    "tier_benchmarks": TierBenchmarks,
    "authenticity": Authenticity,
    "baselines": Baselines,
    "score_weights": ScoreWeights,
    "parameters": Parameters,
    "segment_ranks": SegmentRanks,
    "segment_leaders": SegmentLeaders,
    "handle_history": HandleHistory,
    "quarantine": PublishedQuarantine,
    "source_status": SourceStatus,
    "contacts": Contacts,
    "_meta": Meta,
}


def published_columns(model: type[DataFrameModel]) -> list[Column]:
    """Returns the columns of a published table, in order."""
    found = columns(model)
    return sorted(found, key=lambda each: ACCOUNT_COLUMNS.index(each.name)) if issubclass(model, Accounts) else found


# Columns that the content hash excludes: times, which differ between runs over the same bytes, and the cells of
# micro_influencers that repeat accounts (its ranks and ids are hashed).
_NOT_HASHED: Mapping[str, frozenset[str]] = {
    "source_status": frozenset({"last_pulled_at"}),
    "micro_influencers": frozenset(ACCOUNT_COLUMNS) - {"rank", "platform", "profile_id"},
}
LEFT_OUT = {table: _NOT_HASHED.get(table, frozenset()) for table in TABLES if table != "_meta"}
