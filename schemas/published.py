"""The contract of the published file, version 1: its tables, in order.

A column keeps its name, type, unit and meaning for as long as `CONTRACT_VERSION` stands.
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
# Until its release a version may change; from then on a change needs the next one.
CONTRACT_IS_OPEN = True

# The order in which people read an account.
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
    """Accounts of any size on the newest date; rank is empty outside the micro-influencer tiers."""

    followers_growth_7d: pl.Float64 = GROWTH_7D
    followers_growth_30d: pl.Float64 = GROWTH_30D
    creator_id: pl.String = CREATOR_ID
    creator_reason: pl.String = CREATOR_REASON


class MicroInfluencers(Accounts):
    """Micro-influencers on the newest date, best first: accounts of the ranked tiers that have a rank."""


class RankHistory(pa.DataFrameModel):
    """Rank of every micro-influencer on every date of the last 90 days."""

    snapshot_date: pl.Date = column("The day that the figures stand for, UTC.", nullable=False)
    platform: pl.String = column("Platform of the account.", nullable=False, isin=PLATFORMS)
    profile_id: pl.String = text("Id of the account, as in `accounts`.", nullable=False)
    rank: pl.Int64 = column("Place among all micro-influencers of that day.", unit="place", nullable=False, ge=1)
    score: pl.Float64 = column("Score of that day.", unit="points", nullable=False, ge=0.0, le=100.0)
    followers: pl.Int64 = count("Followers on that day.", unit="accounts", nullable=False)
    engagement_estimate: pl.Float64 = fraction("Estimate of that day.", le=MAX_COMPUTED, nullable=False)
    same_parameters: pl.Boolean = column(
        "Whether the day was computed with the `parameters` of the newest one; figures of other parameters do not "
        "compare. Null where they were not recorded."
    )


class ScoreWeights(pa.DataFrameModel):
    """What each indicator weighs in authenticity, and each component in the score."""

    part: pl.String = column("What it is a part of.", nullable=False, isin=("authenticity", "score"))
    component: pl.String = column("The column that is weighed.", nullable=False)
    version: pl.Int64 = column("Version of the weight.", unit="version", nullable=False, ge=1)
    weight: pl.Float64 = fraction(
        "Of authenticity or lift, the share that is taken off where the indicator is sure, or the component 0.",
        nullable=False,
    )
    indicator: pl.String = column("The column that the component is told from.", nullable=False)
    meaning: pl.String = text("What it says.", nullable=False)


class Parameters(pa.DataFrameModel):
    """Parameters that the newest date was computed with, in one row; null where they were not recorded."""

    window_days: pl.Int64 = count("Age of the oldest posts that count.", unit="days")
    settle_days: pl.Int64 = count("Age of the youngest posts that count.", unit="days")
    sample_posts: pl.Int64 = count("Newest posts that ratios are computed over.", unit="posts")
    interval_z: pl.Float64 = column(
        "Half width of the interval of engagement_estimate: 1.28 for 80 %, 1.64 for 90 %, 1.96 for 95 %.",
        unit="standard deviations",
        ge=0.0,
        le=10.0,
    )


class HandleHistory(HandleChanges):
    """Handles that accounts had before, each with the date of the snapshot that first showed another."""


class SegmentRanks(Segments):
    """Rank of every micro-influencer within each of its segments of at least 5."""


class SegmentLeaders(pa.DataFrameModel):
    """The first 40 micro-influencers of every segment of at least 5."""

    dimension: pl.String = column("What the segment is cut by, as in `segment_ranks`.", nullable=False)
    segment: pl.String = text("The value of that column, as in `segment_ranks`.", nullable=False)
    rank_in_segment: pl.Int64 = column("Rank within the segment.", unit="place", nullable=False, ge=1, le=40)
    platform: pl.String = column("Platform of the account.", nullable=False, isin=PLATFORMS)
    profile_id: pl.String = text("Id of the account, as in `accounts`.", nullable=False)
    score: pl.Float64 = column("Its score.", unit="points", nullable=False, ge=0.0, le=100.0)


class PublishedQuarantine(Quarantine):
    """Records rejected in the last 30 days, e-mail addresses and phone numbers blotted out."""

    raw: pl.String = column(
        "The record as it stands in the file, cut at 4,000 characters; e-mail addresses and phone numbers blotted out."
    )


class SourceStatus(pa.DataFrameModel):
    """What became of each source on the newest date."""

    source: pl.String = column("Name of the source in sources.yaml.", nullable=False)
    state: pl.String = column(
        "published, carried_forward (rows of an earlier day stand in), quarantine_limit_exceeded, row_count_drop, "
        "unreadable or missing.",
        nullable=False,
    )
    last_pulled_at: Timestamp = column("When it was last pulled with success, UTC.")
    snapshot_date: pl.Date = column("The day whose landed files its published rows come from.")
    landed_bytes: pl.Int64 = count("Size of its landed files.", unit="bytes", nullable=False)
    landed_rows: pl.Int64 = count("Records in them.", unit="records", nullable=False)
    accepted: pl.Int64 = count("Records that hold and count.", unit="records", nullable=False)
    quarantined: pl.Int64 = count(
        "Records that break the contract; of a source that is refused, all of them.", unit="records", nullable=False
    )
    deduplicated: pl.Int64 = count("Older copies of the same account or post.", unit="records", nullable=False)
    erased: pl.Int64 = count("Records of people who asked to be erased.", unit="records", nullable=False)
    sha256: pl.String = column("Hash of its landed files.")
    message: pl.String = column("Error and its remedy; null where nothing went wrong.")
    inferred: pl.String = column("Columns of its export that `shape: auto` takes for those of the contract.")

    class Config:
        strict = True


class Meta(pa.DataFrameModel):
    """The published generation: what readers are looking at."""

    generation: pl.Int64 = count("Number of the generation; it only grows.", unit="generation", nullable=False)
    snapshot_date: pl.Date = column("The newest date in the file.", nullable=False)
    run_id: pl.String = column("The run that built it.", nullable=False)
    built_at: Timestamp = column("When it was built, UTC.", nullable=False)
    contract_version: pl.Int64 = count("Version of this contract.", unit="version", nullable=False)
    code_version: pl.String = column("Version of smallvoices that built it.", nullable=False)
    content_hash: pl.String = column(
        "Hash of every row of every other table, times of pulling left out: equal for equal landed bytes and "
        "configuration under one version of DuckDB.",
        nullable=False,
    )
    rows: pl.Int64 = count("Rows of all other tables together.", unit="rows", nullable=False)


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
    """The columns of a published table, in the order in which they stand there."""
    found = columns(model)
    return sorted(found, key=lambda each: ACCOUNT_COLUMNS.index(each.name)) if issubclass(model, Accounts) else found


# The tables that the content hash is over, each with the columns that it leaves out: times, which differ between two
# runs over the same bytes, and the cells of micro_influencers, which are those of accounts once more (its ranks and ids
# are hashed).
_NOT_HASHED: Mapping[str, frozenset[str]] = {
    "source_status": frozenset({"last_pulled_at"}),
    "micro_influencers": frozenset(ACCOUNT_COLUMNS) - {"rank", "platform", "profile_id"},
}
LEFT_OUT = {table: _NOT_HASHED.get(table, frozenset()) for table in TABLES if table != "_meta"}
