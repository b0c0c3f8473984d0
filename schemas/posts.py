"""The contract of `posts`: one accepted row per post and snapshot date."""

import pandera.polars as pa
import polars as pl

from schemas.column import column, count, text
from schemas.landed import EARLIEST, LATEST, Landed, Timestamp, keeps_its_digits


class Posts(Landed):
    """Posts with their counts as of the snapshot."""

    post_id: pl.String = text("The platform's own id of the post, as text.", nullable=False, max_length=200)
    posted_at: Timestamp = column("When it was published, UTC.", nullable=False, ge=EARLIEST, le=LATEST)
    kind: pl.String = text("Kind of post, as the export names it.", max_length=50)
    url: pl.String = text("Address of the post.")
    caption: pl.String = text("Text of the post.")
    likes: pl.Int64 = count("Likes; null where the platform or the account hides them.", unit="likes")
    comments: pl.Int64 = count("Comments.", unit="comments")
    shares: pl.Int64 = count("Shares.", unit="shares")
    saves: pl.Int64 = count("Saves.", unit="saves")
    views: pl.Int64 = count("Views.", unit="views")
    reach: pl.Int64 = count("Accounts reached.", unit="accounts")
    is_pinned: pl.Boolean = column("Pinned to the top of the profile.")
    is_sponsored: pl.Boolean = column("Marked as paid partnership by the platform.")
    hashtags: pl.String = text("Hashtags, separated by blanks.")
    mentions: pl.String = text("Handles mentioned, separated by blanks.")

    @pa.dataframe_check
    @classmethod
    def post_id_lost_its_last_digits(cls, data: pa.PolarsData) -> pl.LazyFrame:
        """An id that went through a spreadsheet as a number may be that of many posts."""
        return data.lazyframe.select(keeps_its_digits("post_id"))

    @pa.dataframe_check
    @classmethod
    def likes_exceed_views(cls, data: pa.PolarsData) -> pl.LazyFrame:
        """Nobody likes what was not viewed; a platform that counts no views says 0 or nothing."""
        return data.lazyframe.select(
            (pl.col("likes") <= pl.col("views")) | pl.col("likes").is_null() | (pl.col("views").fill_null(0) == 0)
        )

    @pa.dataframe_check
    @classmethod
    def posted_after_snapshot(cls, data: pa.PolarsData) -> pl.LazyFrame:
        """A post from after the day it was landed is a wrong date; two days of slack cover time zones."""
        landed = pl.col("snapshot_date") - pl.duration(days=pl.col("data_age_days"))
        return data.lazyframe.select(pl.col("posted_at") < landed + pl.duration(days=3))
