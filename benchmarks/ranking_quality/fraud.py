"""Accuracy of the indicators of authenticity: on simulated fraud, and on accounts labelled by people.

Belongs here: the effect of each kind of fraud on an account, its posts and its earlier snapshots, and the area under
the curve of each indicator for each kind. The figures come from the product's own SQL files.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path

import numpy as np
import polars as pl
from numpy.typing import NDArray

from benchmarks.ranking_quality import measures, product
from benchmarks.ranking_quality.scenarios import Scenario
from benchmarks.ranking_quality.simulator import COMMENT_SHARE, World, draw
from schemas.describe import polars_schema
from schemas.profiles import Profiles
from schemas.settings import Settings

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]

SIGNS = (
    "uniform_engagement", "comment_anomaly", "pod_engagement", "single_post_dominance", "follower_spike",
    "growth_without_engagement", "follow_unfollow", "mass_following", "low_engagement", "few_posts",
    "digits_in_handle", "no_picture",
)  # fmt: skip
# Standard deviation of the log share of comments between accounts, as among French Instagram accounts of 2018.
COMMENT_SPREAD = 0.8
CHEATING_SHARE = 0.1
# Ages in days of the earlier snapshots.
SNAPSHOTS = tuple(range(2, 31, 2))
HONEST = Scenario("honest", "posts that go viral now and then", viral=0.02)


@dataclass(frozen=True)
class Cheat:
    """A kind of fraud: its effect on an honest account.

    Attributes:
        about: A description in one line.
        posts: Changes likes and comments of the posts of cheating accounts.
        followers: Factor of today's followers for each earlier snapshot, a row per account.
        following: Number of accounts followed, per earlier snapshot and today.
        shown: Ratio of displayed to earned followers.
    """

    about: str
    posts: Callable[[np.random.Generator, Floats, Floats, Floats], tuple[Floats, Floats]] | None = None
    followers: Callable[[np.random.Generator, int], Floats] | None = None
    following: Callable[[np.random.Generator, int], Floats] | None = None
    shown: Callable[[np.random.Generator, int], Floats] | None = None


def _even(rng: np.random.Generator, level: Floats, _: Floats, comments: Floats) -> tuple[Floats, Floats]:
    """Sets the same likes for each post, within 6 %, three times the earned ones."""
    return rng.poisson(3 * level * np.exp(0.06 * rng.standard_normal(level.size))).astype(float), comments


def _pod(rng: np.random.Generator, level: Floats, likes: Floats, comments: Floats) -> tuple[Floats, Floats]:
    """Adds as many comments as a pod has members to each post."""
    return likes, comments + rng.poisson(0.4 * level)


def _step(rng: np.random.Generator, size: int) -> Floats:
    """Adds between a half and nine tenths of followers within two days, 21 days ago at most; some have left since."""
    bought, day = rng.uniform(0.5, 0.9, size), rng.integers(6, 24, size)
    left = rng.uniform(0, 0.2, size)
    days = np.array(SNAPSHOTS)
    return np.where(days >= day[:, None], (1 - bought)[:, None], 1 + left[:, None] * days / day[:, None])


def _turning(rng: np.random.Generator, size: int) -> Floats:
    """Follows for a week, unfollows for a week: at least five hundred accounts each time."""
    days = np.array([*SNAPSHOTS, 0])
    phase, height = rng.uniform(0, 14, size), rng.uniform(500, 3000, size)
    return 300 + height[:, None] * np.abs((days + phase[:, None]) % 14 - 7) / 7


CHEATS: Mapping[str, Cheat] = {
    "even likes": Cheat("buys likes, the same for each post", posts=_even),
    "comment pod": Cheat("a pod comments on each post", posts=_pod),
    "bought, long ago": Cheat(
        "half to nine tenths of the followers never engage",
        shown=lambda rng, size: 1 / (1 - rng.uniform(0.5, 0.9, size)),
    ),
    "bought, lately": Cheat(
        "the same, and the earlier snapshots show when they came",
        shown=lambda rng, size: 1 / (1 - rng.uniform(0.5, 0.9, size)),
        followers=_step,
    ),
    "follow-unfollow": Cheat("follows and unfollows by turns", following=_turning),
}


def simulated(name: str, accounts: int, seed: int, folder: Path) -> dict[str, float]:
    """Computes the area under the curve of each indicator and of authenticity, for one kind of fraud.

    Args:
        name: Key of `CHEATS`, applied to one account in ten.
        accounts: The number of accounts.
        seed: The seed of the draw.
        folder: Where DuckDB may spill.
    """
    cheat = CHEATS[name]
    rng = np.random.default_rng([seed, *name.encode()])
    world = draw(HONEST, accounts, seed)
    cheats = rng.random(accounts) < CHEATING_SHARE
    world = _commented(rng, world)
    followers = world.followers.astype(float)
    if cheat.posts:
        mine = cheats[world.account]
        level = np.exp(world.truth)[world.account[mine]] * followers[world.account[mine]]
        likes, comments = cheat.posts(rng, level, world.likes[mine].astype(float), world.comments[mine].astype(float))
        world.likes[mine], world.comments[mine] = likes, comments
    if cheat.shown:
        followers[cheats] *= cheat.shown(rng, int(cheats.sum()))
    world = replace(world, followers=np.round(followers).astype(np.int64))
    past, following = _past(rng, cheat, cheats)
    profiles = product.profiles_of(world).with_columns(following=pl.Series(following[:, -1].astype(np.int64)))
    earlier = pl.concat(
        _before(profiles, days, past[:, place], following[:, place]) for place, days in enumerate(SNAPSHOTS)
    )
    settings = Settings(home=folder, sources_file=folder / "sources.yaml", threads=1)
    found = product.tables(settings, profiles, product.posts_of(world), earlier)["authenticity"].sort("profile_id")
    return _areas(found, cheats)


def labelled(path: Path, folder: Path) -> dict[str, float]:
    """Computes the area under the curve of the profile's own indicators, on accounts labelled fake or real.

    Args:
        path: A CSV file with the columns `profile pic`, `nums/length username`, `#posts`, `#followers`, `#follows` and
            `fake`.
        folder: Where DuckDB may spill.
    """
    rows = pl.read_csv(path, infer_schema_length=None, truncate_ragged_lines=True)
    # A handle of a hundred characters with this share of digits.
    digits = (rows["nums/length username"] * 100).round().cast(pl.Int64)
    profiles = product.landed(
        pl.DataFrame(
            {
                "platform": ["instagram"] * rows.height,
                "profile_id": pl.Series(range(rows.height)).cast(pl.String).str.zfill(9),
                "handle": ["7" * count + "a" * (100 - count) for count in digits],
                "followers": rows["#followers"],
                "following": rows["#follows"],
                "posts_count": rows["#posts"],
                "has_picture": rows["profile pic"] == 1,
            }
        ),
        polars_schema(Profiles),
    )
    settings = Settings(home=folder, sources_file=folder / "sources.yaml", threads=1)
    posts = product.posts_of(draw(replace(HONEST, accounts=1), 1, 0)).clear()
    found = product.tables(settings, profiles, posts)["authenticity"].sort("profile_id")
    return _areas(found, (rows["fake"] == 1).to_numpy())


def _areas(found: pl.DataFrame, cheats: Flags) -> dict[str, float]:
    """Computes the area under the curve of each indicator that the data supports."""
    suspicions = {
        name: found[name].fill_null(0).to_numpy() for name in SIGNS if found[name].drop_nulls().n_unique() > 1
    }
    areas = {name: measures.auc(suspicion, cheats) for name, suspicion in suspicions.items()}
    return areas | {"authenticity": measures.auc(1 - found["authenticity"].fill_null(1).to_numpy(), cheats)}


def _commented(rng: np.random.Generator, world: World) -> World:
    """Returns the world with shares of comments that differ between accounts."""
    share = COMMENT_SHARE * np.exp(COMMENT_SPREAD * rng.standard_normal(world.followers.size))
    comments = rng.binomial(world.engagement, np.minimum(share / (1 + share), 0.9)[world.account])
    return replace(world, comments=comments.astype(np.int64), likes=world.engagement - comments)


def _past(rng: np.random.Generator, cheat: Cheat, cheats: Flags) -> tuple[Floats, Floats]:
    """Returns the followers of earlier snapshots over today's, and the accounts followed then and today."""
    size, days = cheats.size, np.array(SNAPSHOTS)
    pace = 0.001 * rng.standard_normal(size)
    # Honest accounts have an occasional spike, too.
    lucky, day = rng.random(size) < 0.05, rng.integers(2, 30, size)  # noqa: PLR2004 - one in twenty
    followers = np.exp(-pace[:, None] * days) * np.where(lucky[:, None] & (days >= day[:, None]), 0.93, 1.0)
    # Platforms limit the number of accounts followed to some thousands.
    following = np.repeat(
        np.minimum(400 * np.exp(0.8 * rng.standard_normal(size)), 7_000)[:, None], days.size + 1, axis=1
    )
    following = following * (1 + 0.01 * rng.standard_normal(following.shape))
    if cheat.followers:
        followers[cheats] = cheat.followers(rng, int(cheats.sum()))
    if cheat.following:
        following[cheats] = cheat.following(rng, int(cheats.sum()))
    return followers, np.maximum(following, 0)


def _before(profiles: pl.DataFrame, days: int, followers: Floats, following: Floats) -> pl.DataFrame:
    return profiles.with_columns(
        snapshot_date=pl.lit(product.SNAPSHOT - timedelta(days=days)),
        followers=(pl.col("followers") * pl.Series(followers)).round().cast(pl.Int64),
        following=pl.Series(following.astype(np.int64)),
    )
