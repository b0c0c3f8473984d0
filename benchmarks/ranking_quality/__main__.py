"""Measures the ranking: `python -m benchmarks.ranking_quality [--posts FOLDER] [--seeds N] [--without a,b+c]`.

Real posts come first: the prediction of one half of an account's posts from the other half. Then simulated scenarios
are ranked by the product's own SQL and by every other method, and compared with the truth. So are the indicators of
authenticity, on simulated fraud.
"""

import sys
import tempfile
from collections import defaultdict
from collections.abc import Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

import click

from benchmarks.ranking_quality import fraud, real_posts
from benchmarks.ranking_quality.ingredients import WithoutOption
from benchmarks.ranking_quality.report import print_fraud, print_gains, print_scenarios
from benchmarks.ranking_quality.scenarios import SCENARIOS
from benchmarks.ranking_quality.trials import TARGETS, Outcome, Trials, run


@click.command()
@click.option("--seeds", default=20, show_default=True, type=click.IntRange(1), help="Worlds of each scenario.")
@click.option("--accounts", default=5_000, show_default=True, type=click.IntRange(100), help="Accounts of a world.")
@click.option("--scenario", "scenarios", multiple=True, type=click.Choice(list(SCENARIOS)), help="All, unless given.")
@click.option("--workers", default=2, show_default=True, type=click.IntRange(1), help="Processes.")
@click.option(
    "--labelled",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Accounts labelled fake or real, to judge the signs of a profile by; see `fraud.labelled`.",
)
@click.option(
    "--posts", type=click.Path(path_type=Path), default=real_posts.FOLDER, show_default=True, help="Sets of real posts."
)
@click.option("--without", type=WithoutOption(), default="", help="Ingredients to switch off: a,b+c, or all.")
def main(
    seeds: int,
    accounts: int,
    scenarios: tuple[str, ...],
    workers: int,
    labelled: Path | None,
    posts: Path,
    without: Sequence[Sequence[str]],
) -> None:
    """Prints the accuracy on real posts, and the accuracy in simulated scenarios."""
    real_posts.report(posts, without=without)
    chosen = scenarios or tuple(SCENARIOS)
    found: defaultdict[tuple[str, str], list[Trials]] = defaultdict(list)
    with tempfile.TemporaryDirectory(prefix="smallvoices-quality-") as scratch:
        folder = Path(scratch)
        # Spawned and not forked: a fork of DuckDB's threads would deadlock.
        with ProcessPoolExecutor(workers, get_context("spawn")) as pool:
            jobs = [
                (scenario, pool.submit(run, scenario, accounts, seed, folder / scenario / str(seed), without))
                for scenario in chosen
                for seed in range(seeds)
            ]
            frauds = [
                (name, pool.submit(fraud.simulated, name, accounts, seed, folder / "fraud" / str(seed)))
                for name in fraud.CHEATS
                for seed in range(seeds)
            ]
            with click.progressbar(jobs, label="Drawing and ranking", file=sys.stderr) as waiting:
                for scenario, job in waiting:
                    for target, trials in job.result().items():
                        found[scenario, target].append(trials)
            areas: defaultdict[str, list[Mapping[str, float]]] = defaultdict(list)
            for name, job_of_fraud in frauds:
                areas[name].append(job_of_fraud.result())
        print(f"\nWORLDS: {seeds} seeds of {accounts:,} accounts each; ± is the standard deviation over seeds")
        outcomes = {
            target: [Outcome(scenario, target, found[scenario, target]) for scenario in chosen] for target in TARGETS
        }
        for target, of_target in outcomes.items():
            print_scenarios(target, of_target)
        if without:
            print_gains(outcomes, without)
        if labelled:
            areas[f"labelled: {labelled.name}"].append(fraud.labelled(labelled, folder / "labelled"))
        print_fraud(areas)
        if not labelled:
            print("Accounts labelled by people: none given (--labelled FILE); skipped.")


if __name__ == "__main__":
    main()
