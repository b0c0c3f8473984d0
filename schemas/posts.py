"""The contract of `posts`: one accepted row per post and snapshot date."""

import pandera.polars as pa
import polars as pl

from schemas.column import column, count, text
from schemas.landed import EARLIEST, LATEST, Landed, Timestamp, keeps_its_digits


class Posts(Landed):
    """Posts with their counts on the snapshot date."""

    post_id: pl.String = text("Id of the post on the platform, as text.", nullable=False, max_length=200)
    posted_at: Timestamp = column("Time of publication, UTC.", nullable=False, ge=EARLIEST, le=LATEST)
    kind: pl.String = text("Kind of post, as in the export.", max_length=50)
    url: pl.String = text("URL of the post.")
    caption: pl.String = text("Text of the post.")
    likes: pl.Int64 = count("Likes; null where the platform or the account hides them.", unit="likes")
    comments: pl.Int64 = count("Comments.", unit="comments")
    shares: pl.Int64 = count("Shares.", unit="shares")
    saves: pl.Int64 = count("Saves.", unit="saves")
    views: pl.Int64 = count("Views.", unit="views")
    reach: pl.Int64 = count("Accounts reached.", unit="accounts")
    is_pinned: pl.Boolean = column("True where the post is pinned to the top of the profile.")
    is_sponsored: pl.Boolean = column("True where the platform marks the post as a paid partnership.")
    hashtags: pl.String = text("Hashtags, separated by spaces.")
    mentions: pl.String = text("Mentioned handles, separated by spaces.")

    @pa.dataframe_check
    @classmethod
    def post_id_lost_its_last_digits(cls, data: pa.PolarsData) -> pl.LazyFrame:
        """An id that a spreadsheet has rounded may stand for many posts."""
        return data.lazyframe.select(keeps_its_digits("post_id"))

    @pa.dataframe_check
    @classmethod
    def likes_exceed_views(cls, data: pa.PolarsData) -> pl.LazyFrame:
        """A post has no more likes than views; platforms without view counts report 0 or null."""
        return data.lazyframe.select(
            (pl.col("likes") <= pl.col("views")) | pl.col("likes").is_null() | (pl.col("views").fill_null(0) == 0)
        )

    @pa.dataframe_check
    @classmethod
    def posted_after_snapshot(cls, data: pa.PolarsData) -> pl.LazyFrame:
        """A post is not newer than its landing date; two days of tolerance cover time zones."""
        landed = pl.col("snapshot_date") - pl.duration(days=pl.col("data_age_days"))
        return data.lazyframe.select(pl.col("posted_at") < landed + pl.duration(days=3))
