"""Measures the ranking: `python -m benchmarks.ranking_quality [--seeds N] [--accounts N] [--regime R]…`.

Worlds of known truth are drawn, ranked by the product's own SQL and by every other method, and judged against the
truth, and so are the signs of authenticity on invented fraud. Then, on the samples or on the export that `--sources`
and `--date` name, the rank found on one random half of each account's posts is held against the ratios of the other
half.
"""

import sys
import tempfile
from collections import defaultdict
from collections.abc import Mapping
from concurrent.futures import ProcessPoolExecutor
from datetime import datetime
from multiprocessing import get_context
from pathlib import Path

import click

from benchmarks.ranking_quality import fraud, split_halves
from benchmarks.ranking_quality.regimes import REGIMES
from benchmarks.ranking_quality.report import print_fraud, print_halves, print_regimes
from benchmarks.ranking_quality.trials import TARGETS, Outcome, Trials, run

_REPOSITORY = Path(__file__).resolve().parents[2]


@click.command()
@click.option("--seeds", default=20, show_default=True, type=click.IntRange(1), help="Worlds of each regime.")
@click.option("--accounts", default=5_000, show_default=True, type=click.IntRange(100), help="Accounts of a world.")
@click.option("--regime", "regimes", multiple=True, type=click.Choice(list(REGIMES)), help="All, unless given.")
@click.option("--workers", default=2, show_default=True, type=click.IntRange(1), help="Processes.")
@click.option(
    "--sources",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    default=_REPOSITORY / "sources.yaml",
    help="The export to split; the samples, unless given.",
)
@click.option("--date", type=click.DateTime(["%Y-%m-%d"]), default="2026-10-31", show_default=True, help="Its date.")
@click.option(
    "--labelled",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Accounts labelled fake or real, to judge the signs of a profile by; see `fraud.labelled`.",
)
@click.option("--splits", default=20, show_default=True, type=click.IntRange(1), help="Random halves of it.")
def main(
    seeds: int,
    accounts: int,
    regimes: tuple[str, ...],
    workers: int,
    sources: Path,
    date: datetime,
    labelled: Path | None,
    splits: int,
) -> None:
    """Prints how close the ranking comes to the truth, regime by regime, the worst first."""
    chosen = regimes or tuple(REGIMES)
    found: defaultdict[tuple[str, str], list[Trials]] = defaultdict(list)
    with tempfile.TemporaryDirectory(prefix="smallvoices-quality-") as scratch:
        folder = Path(scratch)
        # Spawned and not forked: a fork of DuckDB's threads would wait for ever.
        with ProcessPoolExecutor(workers, get_context("spawn")) as pool:
            jobs = [
                (regime, pool.submit(run, regime, accounts, seed, folder / regime / str(seed)))
                for regime in chosen
                for seed in range(seeds)
            ]
            frauds = [
                (name, pool.submit(fraud.simulated, name, accounts, seed, folder / "fraud" / str(seed)))
                for name in fraud.CHEATS
                for seed in range(seeds)
            ]
            with click.progressbar(jobs, label="Drawing and ranking", file=sys.stderr) as waiting:
                for regime, job in waiting:
                    for target, trials in job.result().items():
                        found[regime, target].append(trials)
            areas: defaultdict[str, list[Mapping[str, float]]] = defaultdict(list)
            for name, told in frauds:
                areas[name].append(told.result())
        print(f"{seeds} seeds of {accounts:,} accounts each: means, and ± their standard deviation over seeds")
        for target in TARGETS:
            print_regimes(target, [Outcome(regime, target, found[regime, target]) for regime in chosen])
        if labelled:
            areas[f"labelled: {labelled.name}"].append(fraud.labelled(labelled, folder / "labelled"))
        print_fraud(areas)
        if not labelled:
            print("Accounts labelled by people: none given (--labelled FILE); skipped.")
        print_halves(split_halves.run(sources, date.date(), folder / "halves", splits))


if __name__ == "__main__":
    main()
