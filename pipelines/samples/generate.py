"""Write the sample exports: three invented sources, one full snapshot per source and date.

    python -m pipelines.samples.generate --to DIR --seed 7 2026-10-30 2026-10-31

A file depends on the seed and on its own date only: four dates and thirty agree byte for byte where they overlap.
"""

import argparse
from collections.abc import Iterator, Sequence
from datetime import date
from pathlib import Path

from pipelines.samples.exports import EXPORTS, MESS
from pipelines.samples.people import population

# The last has a snapshot 30 days, 7 days and a day before it, the basis of growth and movers.
DATES = (date(2026, 10, 1), date(2026, 10, 24), date(2026, 10, 30), date(2026, 10, 31))
SEED = 7


def write(folder: Path, dates: Sequence[date] = DATES, seed: int = SEED) -> Iterator[Path]:
    """Writes the exports of some dates below a folder, and yields each file."""
    people = population(seed, MESS)
    for day in dates:
        for pattern, export in EXPORTS.items():
            path = folder / pattern.format(date=day)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(export(people, day))
            yield path


def main() -> None:
    """Parses the command line, writes the files and prints the size of each."""
    parser = argparse.ArgumentParser(description="Write invented exports for snapshot dates.")
    parser.add_argument(
        "dates", nargs="*", type=date.fromisoformat, default=DATES, help=f"snapshot dates ({' '.join(map(str, DATES))})"
    )
    parser.add_argument("--to", type=Path, default=Path("samples"), help="where to (%(default)s)")
    parser.add_argument("--seed", type=int, default=SEED, help="which set of accounts (%(default)s)")
    arguments = parser.parse_args()
    for path in write(arguments.to, arguments.dates, arguments.seed):
        print(f"{path.stat().st_size:>9,}  {path.relative_to(arguments.to)}")


if __name__ == "__main__":
    main()
