"""Real posts: the accuracy of every method in predicting one half of an account's posts from the other half.

Belongs here: the methods and the halves to compare. `python -m benchmarks.ranking_quality.real_posts` runs it alone,
with `--folder` and `--only forward` on fewer posts.
"""

import tempfile
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path

import click

from benchmarks.ranking_quality import averages, false_alarms, naive, product
from benchmarks.ranking_quality.accounts import Accounts
from benchmarks.ranking_quality.accuracy import Accuracy, accuracy, gain, mean, print_accuracy, print_gains
from benchmarks.ranking_quality.averages import print_averages
from benchmarks.ranking_quality.estimate import Estimate
from benchmarks.ranking_quality.false_alarms import print_false_alarms
from benchmarks.ranking_quality.ingredients import WithoutOption, variant
from benchmarks.ranking_quality.post_sets import FORWARD_DAYS, HALVINGS, Halving, Posts, sets, split

FOLDER = Path(__file__).resolve().parents[2].parent / "shared" / "real_posts"
SEEDS = 5

Methods = Mapping[str, Callable[[Accounts], Estimate]]


def methods(scratch: Path, without: Sequence[Sequence[str]] = ()) -> Methods:
    """Returns by name: the product, the product without some ingredients, and the simpler methods."""
    simple = naive.methods()
    return {
        product.NAME: partial(product.posterior, folder=scratch),
        **{variant(group): partial(product.posterior, folder=scratch, without=group) for group in without},
        naive.SHRINKAGE: naive.shrinkage,
        "median": simple["median"],
        "mean": simple["mean"],
    }


def evaluate(
    posts: Posts, halving: Halving, compared: Methods, seeds: int = SEEDS, days: int = FORWARD_DAYS
) -> dict[str, Accuracy]:
    """Computes the accuracy of each method on one set."""
    splits = [split(posts, halving, seed, days) for seed in range(seeds if halving == "random" else 1)]
    estimates = [{name: method(each.train) for name, method in compared.items()} for each in splits]
    return accuracy(splits, estimates, posts.followers.size)


def report(
    folder: Path,
    *,
    only: Halving | None = None,
    seeds: int = SEEDS,
    days: int = FORWARD_DAYS,
    without: Sequence[Sequence[str]] = (),
) -> None:
    """Prints the accuracy per set and in the mean, that of averages, and false alarms; or why there is no result.

    Args:
        folder: Sets of real posts.
        only: One halving; both, unless given.
        seeds: Random halvings.
        days: See `split`.
        without: Ingredients to switch off, each group alone.
    """
    found = sets(folder)
    if not found:
        print(f"REAL POSTS: skipped, no *.parquet in {folder}")
        return
    with tempfile.TemporaryDirectory(prefix="smallvoices-quality-") as scratch:
        compared = methods(Path(scratch), without)
        for halving in HALVINGS if only is None else (only,):
            each = {posts.name: evaluate(posts, halving, compared, seeds, days) for posts in found}
            each[f"mean of {len(found)} sets"] = mean(list(each.values()))
            print(f"\nREAL POSTS, {halving} halves: measures ± bootstrap standard error over accounts")
            for name, result in each.items():
                print_accuracy(name, result)
            for name, result in each.items() if without else ():
                gains = {variant(group): gain(result[product.NAME], result[variant(group)]) for group in without}
                print_gains(f"{name}: what the full model gains over the model without an ingredient", gains)
            print_averages(halving, {posts.name: averages.evaluate(posts, halving, Path(scratch)) for posts in found})
        print_false_alarms({posts.name: false_alarms.evaluate(posts, Path(scratch)) for posts in found})


@click.command()
@click.option(
    "--folder", type=click.Path(path_type=Path), default=FOLDER, show_default=True, help="Sets of real posts."
)
@click.option("--only", type=click.Choice(HALVINGS), help="One halving; both, unless given.")
@click.option("--seeds", default=SEEDS, show_default=True, type=click.IntRange(1), help="Random halvings.")
@click.option("--days", default=FORWARD_DAYS, show_default=True, help="Days of posts that forward halves are made of.")
@click.option("--without", type=WithoutOption(), default="", help="Ingredients to switch off: a,b+c, or all.")
def main(folder: Path, only: Halving | None, seeds: int, days: int, without: Sequence[Sequence[str]]) -> None:
    """Prints the accuracy of each method in predicting the median ratio of one half of the posts from the other."""
    report(folder, only=only, seeds=seeds, days=days, without=without)


if __name__ == "__main__":
    main()
