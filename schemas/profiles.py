"""The contract of `profiles`: one accepted row per account and snapshot date."""

import pandera.polars as pa
import polars as pl

from schemas.column import MAX_COUNT, column, count, fraction, text
from schemas.landed import Landed, keeps_its_digits


class Profiles(Landed):
    """Accounts as their exports describe them, in canonical columns.

    `avg_*` are filled by exports that carry averages instead of posts.
    """

    handle_original: pl.String = text("Handle of the account as the export writes it, or its address.")
    display_name: pl.String = text("Name shown on the profile.")
    profile_url: pl.String = text("Address of the profile.")
    biography: pl.String = text("The profile's own words.")
    followers: pl.Int64 = count("Accounts that follow this one.", unit="accounts", nullable=False)
    following: pl.Int64 = count("Accounts that this one follows.", unit="accounts")
    posts_count: pl.Int64 = count("Posts ever published, as the platform counts them.", unit="posts")
    is_verified: pl.Boolean = column("Carries the platform's verification mark.")
    is_private: pl.Boolean = column("Shows its posts to followers only.")
    is_business: pl.Boolean = column("Registered as a business or creator account.")
    has_picture: pl.Boolean = column("Has a picture of its own on the profile, where the export says.")
    sector: pl.String = text("Topic of the account, as the export names it.", max_length=200)
    country: pl.String = text(
        "Country, ISO 3166-1 alpha-2; as the export gives it where that names no country for sure.", max_length=100
    )
    city: pl.String = text("City, as the export gives it.", max_length=200)
    language: pl.String = text(
        "Language, BCP 47; as the export gives it where that names no language for sure.", max_length=100
    )
    sex: pl.String = text("Sex, only where the export states it; never inferred.", max_length=50)
    age: pl.Int32 = column("Age, only where the export states it; never inferred.", unit="years", ge=0, le=120)
    age_band: pl.String = text("Age band, only where the export states it; never inferred.", max_length=50)
    tone: pl.String = text("Tone of voice, as the export names it.", max_length=200)
    external_url: pl.String = text("Website the profile links to.")
    contact_email: pl.String = text(
        "Contact address the export carries; published in `contacts` alone, and only where sources.yaml says so.",
        max_length=320,
    )
    avg_likes: pl.Float64 = count("Likes per post, averaged by the export.", unit="likes")
    avg_comments: pl.Float64 = count("Comments per post, averaged by the export.", unit="comments")
    avg_engagement: pl.Float64 = count(
        "Likes and comments together per post, averaged by the export, where it does not tell them apart.",
        unit="likes and comments",
    )
    avg_shares: pl.Float64 = count("Shares per post, averaged by the export.", unit="shares")
    avg_views: pl.Float64 = count("Views per post, averaged by the export.", unit="views")
    averaged_posts: pl.Int64 = count("Posts that the averages are over, where the export says.", unit="posts")
    reported_engagement_ratio: pl.Float64 = fraction("The export's own engagement ratio, untouched.", le=1_000.0)
    price: pl.Float64 = column("Price of one post.", unit="`currency`", ge=0, le=MAX_COUNT)
    currency: pl.String = text("Currency of the price, ISO 4217.", max_length=3)

    @pa.dataframe_check
    @classmethod
    def profile_id_lost_its_last_digits(cls, data: pa.PolarsData) -> pl.LazyFrame:
        """An id that went through a spreadsheet as a number may be that of many accounts."""
        return data.lazyframe.select(keeps_its_digits("profile_id"))
