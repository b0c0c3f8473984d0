"""Write the sample exports: three invented sources, one full snapshot per source and date.

    python samples/generate.py --to DIR --first 2026-10-28 --days 4 --seed 7

A file depends on the seed and on its own date only: four days and thirty agree byte for byte where they overlap.
The pipeline needs nothing from here: it only ever sees the files.
"""

import argparse
from datetime import date, timedelta
from pathlib import Path

from exports import EXPORTS, MESS
from people import ORIGIN, population


def main() -> None:
    """Reads the command line, writes the files and prints the size of each."""
    parser = argparse.ArgumentParser(description="Write invented exports for a range of snapshot dates.")
    parser.add_argument("--to", type=Path, default=Path(__file__).parent, help="where to (samples/)")
    parser.add_argument("--first", type=date.fromisoformat, default=ORIGIN.date(), help="first date (%(default)s)")
    parser.add_argument("--days", type=int, default=4, help="number of dates (%(default)s)")
    parser.add_argument("--seed", type=int, default=7, help="which set of accounts (%(default)s)")
    arguments = parser.parse_args()
    people = population(arguments.seed, MESS)
    for day in (arguments.first + timedelta(days=offset) for offset in range(arguments.days)):
        for pattern, export in EXPORTS.items():
            path = arguments.to / pattern.format(date=day)
            path.parent.mkdir(parents=True, exist_ok=True)
            print(f"{path.write_bytes(export(people, day)):>9,}  {path.relative_to(arguments.to)}")


if __name__ == "__main__":
    main()
