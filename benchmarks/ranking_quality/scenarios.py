"""The simulated scenarios: the parameters from which accounts and posts are drawn.

Belongs here: the parameters of a scenario, and the list of scenarios. Does not: drawing from them (`simulator`), or
estimating the truth (`oracle`, `naive`, `product`).

Unless a scenario is about something else, its accounts vary as real Instagram accounts do: the dispersion of posts
differs between accounts with `post_df` 4, and levels move. Movement is a random walk, whose standard deviation over 90
days is 0.15 to 0.3 in two sets of real Instagram posts, and 0.45 in one of X.
"""

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True)
class Scenario:
    """A process that generates accounts and posts. Spreads are standard deviations of natural logs.

    Attributes:
        name: The name on the command line.
        about: The aspect under test.
        platform: Of all accounts.
        accounts: Their number, if the scenario is about few accounts; otherwise as requested.
        posts: Fewest and most posts of an account, uniformly distributed.
        typical: Expected ratio of an account of 10,000 followers.
        slope: Change of the log ratio per log follower.
        steps: True if expected ratios jump at the edges of tiers (8, 4, 2.4, 1.7 %), in place of `slope`.
        followers: Median number of followers.
        between: Spread of accounts around the expected value for their size.
        account_tail: Degrees of freedom of that spread, Student's t; None for normal.
        within: Spread of a common account's posts around its level (s₀).
        post_df: Degrees of freedom of the accounts' variances around s₀², scaled inverse chi-square (d₀).
        noise: Distribution of posts around the level of their account.
        viral: Share of posts that go viral, with about 8 times the engagement.
        reel_effect: Log effect of a reel; accounts have 0 to 100 % of reels.
        movement: Spread of the change of a level over 90 days, as a random walk.
        shocks: Spread of the shock shared by posts of about the same day, fading by e^(-days / 14).
        hidden: Share of accounts that hide the likes of half of their posts.
        averages: Share of accounts with averages only.
        counted: True if the export has the number of posts behind them.
        bots: Share of accounts that buy likes, the same for every post.
        pods: Share of accounts whose comments a pod multiplies.
        bought: Share of accounts that bought followers: half to nine tenths of theirs never engage.
    """

    name: str
    about: str
    platform: str = "instagram"
    accounts: int | None = None
    posts: tuple[int, int] = (1, 30)
    typical: float = 0.05
    slope: float = -0.3
    steps: bool = False
    followers: float = 6_000
    between: float = 0.6
    account_tail: float | None = None
    within: float = 0.5
    post_df: float = 4
    noise: Literal["normal", "gamma", "t"] = "normal"
    viral: float = 0
    reel_effect: float = 0
    movement: float = 0.25
    shocks: float = 0
    hidden: float = 0
    averages: float = 0
    counted: bool = False
    bots: float = 0
    pods: float = 0
    bought: float = 0


SCENARIOS = {
    scenario.name: scenario
    for scenario in (
        Scenario("instagram", "Instagram as in real sets"),
        Scenario(
            "tiktok",
            "TikTok: posts scatter widely, levels move far",
            platform="tiktok",
            between=0.97,
            within=1.1,
            post_df=6,
            movement=0.7,
            slope=-0.42,
        ),
        Scenario(
            "x",
            "X: many posts of a few likes, and those of the same days share shocks",
            platform="x",
            posts=(20, 60),
            typical=0.0007,
            slope=-0.37,
            within=0.8,
            post_df=16,
            movement=0.45,
            shocks=0.35,
        ),
        Scenario("even", "accounts' posts scatter alike, and levels stay", post_df=1_000, movement=0),
        Scenario("few", "1 to 6 posts each", posts=(1, 6)),
        Scenario("many", "8 to 30 posts each", posts=(8, 30)),
        Scenario("viral", "one post in 25 goes viral", viral=0.04),
        Scenario("viral_few", "1 to 6 posts, one in 25 viral", viral=0.04, posts=(1, 6)),
        Scenario("gamma", "gamma-Poisson posts", noise="gamma", within=0.8),
        Scenario("heavy_accounts", "accounts t-distributed (3 degrees of freedom)", account_tail=3, between=0.35),
        Scenario("heavy_few", "the same, 1 to 6 posts", account_tail=3, between=0.35, posts=(1, 6)),
        Scenario("heavy_posts", "posts t-distributed (3 degrees of freedom)", noise="t", within=0.35),
        Scenario("close", "accounts differ little, posts much", between=0.25, within=0.8),
        Scenario("tiny_counts", "a few likes a post", followers=1_500, typical=0.002),
        Scenario("steps", "expected ratios jump at the edges of tiers", steps=True),
        Scenario("reels", "reels draw twice the engagement", reel_effect=0.7),
        Scenario("moving", "accounts rise and fall far", movement=0.7),
        Scenario("shocks", "posts of the same days share shocks", shocks=0.5, within=0.25),
        Scenario("hidden", "a third of the accounts hide half of their likes", hidden=0.33),
        Scenario("averages", "two accounts in five have averages only", averages=0.4),
        Scenario("averages_counted", "the same, with the number of posts", averages=0.4, counted=True),
        Scenario("averages_viral", "the same without it, and one post in 25 goes viral", averages=0.4, viral=0.04),
        Scenario("small_field", "400 accounts", accounts=400),
        Scenario("bought_followers", "one account in ten bought followers", bought=0.1),
        Scenario("bots", "one account in twenty buys likes", bots=0.05),
        Scenario("pods", "one account in twenty is in a comment pod", pods=0.05),
        Scenario(
            "everything",
            "most of the above at once",
            account_tail=5,
            viral=0.03,
            reel_effect=0.4,
            hidden=0.1,
            averages=0.15,
        ),
    )
}
