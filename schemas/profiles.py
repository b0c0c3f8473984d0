"""The contract of `profiles`: one accepted row per account and snapshot date."""

import pandera.polars as pa
import polars as pl

from schemas.column import MAX_COUNT, column, count, fraction, text
from schemas.landed import Landed, keeps_its_digits


class Profiles(Landed):
    """Accounts as described by their exports, in canonical columns.

    Exports with averages instead of posts fill `avg_*`.
    """

    handle_original: pl.String = text("Handle of the account as in the export, or its URL.")
    display_name: pl.String = text("Display name on the profile.")
    profile_url: pl.String = text("URL of the profile.")
    biography: pl.String = text("Biography on the profile.")
    followers: pl.Int64 = count("Followers of the account.", unit="accounts", nullable=False)
    following: pl.Int64 = count("Accounts followed by the account.", unit="accounts")
    posts_count: pl.Int64 = count("Lifetime number of posts, as counted by the platform.", unit="posts")
    is_verified: pl.Boolean = column("True where the platform has verified the account.")
    is_private: pl.Boolean = column("True where only followers see the posts.")
    is_business: pl.Boolean = column("True for a business or creator account.")
    has_picture: pl.Boolean = column(
        "True where the profile has a custom picture; null where the export does not state it."
    )
    sector: pl.String = text("Topic of the account, as in the export.", max_length=200)
    country: pl.String = text(
        "Country, ISO 3166-1 alpha-2; the text of the export where it matches no country or several.", max_length=100
    )
    city: pl.String = text("City, as in the export.", max_length=200)
    language: pl.String = text(
        "Language, BCP 47; the text of the export where it matches no language or several.", max_length=100
    )
    sex: pl.String = text("Sex as stated by the export; never inferred.", max_length=50)
    age: pl.Int32 = column("Age as stated by the export; never inferred.", unit="years", ge=0, le=120)
    age_band: pl.String = text("Age band as stated by the export; never inferred.", max_length=50)
    tone: pl.String = text("Tone of voice, as in the export.", max_length=200)
    external_url: pl.String = text("Website linked by the profile.")
    contact_email: pl.String = text(
        "Contact e-mail address of the export; published only in `contacts`, and only with `publish_contacts: true`.",
        max_length=320,
    )
    avg_likes: pl.Float64 = count("Average likes per post, as in the export.", unit="likes")
    avg_comments: pl.Float64 = count("Average comments per post, as in the export.", unit="comments")
    avg_engagement: pl.Float64 = count(
        "Average likes + comments per post, of exports that do not separate them.",
        unit="likes and comments",
    )
    avg_shares: pl.Float64 = count("Average shares per post, as in the export.", unit="shares")
    avg_views: pl.Float64 = count("Average views per post, as in the export.", unit="views")
    averaged_posts: pl.Int64 = count(
        "Posts that the averages are computed over; null where the export does not state it.", unit="posts"
    )
    reported_engagement_ratio: pl.Float64 = fraction(
        "Engagement ratio as reported by the export, unchanged.", le=1_000.0
    )
    price: pl.Float64 = column("Price of one post.", unit="`currency`", ge=0, le=MAX_COUNT)
    currency: pl.String = text("Currency of the price, ISO 4217.", max_length=3)

    @pa.dataframe_check
    @classmethod
    def profile_id_lost_its_last_digits(cls, data: pa.PolarsData) -> pl.LazyFrame:
        """An id that a spreadsheet has rounded may stand for many accounts."""
        return data.lazyframe.select(keeps_its_digits("profile_id"))
