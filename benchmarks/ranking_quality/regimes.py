"""The invented worlds: what is true of accounts and posts in each of them.

Belongs here: the parameters of a world, and the list of worlds. Does not: drawing from them (`world`), or guessing
the truth back (`oracle`, `naive`, `product`).
"""

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True)
class Regime:
    """A process that makes accounts and posts. Spreads are standard deviations of natural logs.

    Attributes:
        name: What the command line calls it.
        about: What is special about it.
        accounts: How many, where the world is about a small field; otherwise as many as asked for.
        posts: Fewest and most posts of an account, every number between being as likely.
        typical: Typical ratio of an account of 10,000 followers.
        slope: By how much the log ratio changes per log follower.
        steps: Whether typical ratios jump at the edges of tiers (8, 4, 2.4, 1.7 %), in place of `slope`.
        followers: Typical number of followers (median).
        between: Spread of accounts around what is typical of their size.
        account_tail: Degrees of freedom of that spread, Student's t; None for normal.
        within: Spread of an account's posts around its own typical ratio.
        noise: Distribution of that spread. gamma: the ratio itself is gamma distributed, of this log spread.
        post_tail: Degrees of freedom where `noise` is t.
        uneven: Spread of the accounts' own log spreads around `within`.
        viral: Share of posts that go viral, with about 8 times the engagement.
        reel_effect: Log effect of a reel; accounts have 0 to 100 % of reels.
        drift: Spread of the accounts' log change over 90 days, at an even pace.
        luck: Spread of what posts of about the same day share, fading by e^(-days / 14).
        frequent: Log effect of each log post on an account's own level.
        loud: Log effect on it of each log of the account's own spread over `within`.
        hidden: Share of accounts that hide the likes of half of their posts.
        averages: Share of accounts of which the export tells averages only.
        counted: Whether it tells over how many posts.
        bots: Share of accounts that buy likes, the same for every post.
        pods: Share of accounts whose comments a pod multiplies.
        bought: Share of accounts that bought followers: half to nine tenths of theirs never engage.
    """

    name: str
    about: str
    accounts: int | None = None
    posts: tuple[int, int] = (1, 30)
    typical: float = 0.05
    slope: float = -0.27
    steps: bool = False
    followers: float = 6_000
    between: float = 0.5
    account_tail: float | None = None
    within: float = 0.6
    noise: Literal["normal", "gamma", "t"] = "normal"
    post_tail: float = 3
    uneven: float = 0
    viral: float = 0
    reel_effect: float = 0
    drift: float = 0
    luck: float = 0
    frequent: float = 0
    loud: float = 0
    hidden: float = 0
    averages: float = 0
    counted: bool = False
    bots: float = 0
    pods: float = 0
    bought: float = 0


REGIMES = {
    regime.name: regime
    for regime in (
        Regime("plain", "log-normal accounts and posts"),
        Regime("few", "1 to 6 posts each", posts=(1, 6)),
        Regime("many", "8 to 30 posts each", posts=(8, 30)),
        Regime("viral", "one post in 25 goes viral", viral=0.04),
        Regime("viral_few", "1 to 6 posts, one in 25 viral", viral=0.04, posts=(1, 6)),
        Regime("gamma", "gamma-Poisson posts", noise="gamma", within=0.9),
        Regime("heavy_accounts", "accounts t-distributed (3 degrees of freedom)", account_tail=3, between=0.3),
        Regime("heavy_few", "the same, 1 to 6 posts", account_tail=3, between=0.3, posts=(1, 6)),
        Regime("heavy_posts", "posts t-distributed (3 degrees of freedom)", noise="t", within=0.4),
        Regime("uneven", "some accounts' posts scatter far more than others'", uneven=0.5),
        Regime("close", "accounts differ little, posts much", between=0.2, within=0.8),
        Regime("tiny_counts", "a few likes a post", followers=1_500, typical=0.002),
        Regime("steps", "typical ratios jump at the edges of tiers", steps=True),
        Regime("reels", "reels draw twice the engagement", reel_effect=0.7, within=0.5),
        Regime("drift", "accounts rise and fall", drift=0.5),
        Regime("luck", "posts of the same days share their luck", luck=0.6, within=0.2),
        Regime("frequent", "who posts more is engaged with less", frequent=-0.35, between=0.4),
        Regime("loud", "the more engaging an account, the more its posts scatter", loud=1.2, uneven=0.35, between=0.25),
        Regime("hidden", "a third of the accounts hide half of their likes", hidden=0.33),
        Regime("averages", "of two accounts in five only averages are known", averages=0.4),
        Regime("averages_counted", "the same, and it is told over how many posts", averages=0.4, counted=True),
        Regime("averages_viral", "the same, and one post in 25 goes viral", averages=0.4, viral=0.04),
        Regime("small_field", "400 accounts", accounts=400),
        Regime("bought_followers", "one account in ten bought followers", bought=0.1),
        Regime("bots", "one account in twenty buys likes", bots=0.05),
        Regime("pods", "one account in twenty is in a comment pod", pods=0.05),
        Regime(
            "everything",
            "most of the above at once",
            account_tail=5,
            uneven=0.35,
            viral=0.03,
            reel_effect=0.4,
            hidden=0.1,
            averages=0.15,
        ),
    )
}
