"""Write the sample exports: three invented sources, one full snapshot per source and date.

    python samples/generate.py --to DIR --seed 7 2026-10-30 2026-10-31

A file depends on the seed and on its own date only: four dates and thirty agree byte for byte where they overlap.
The pipeline needs nothing from here: it only ever sees the files.
"""

import argparse
from datetime import date
from pathlib import Path

from exports import EXPORTS, MESS
from people import population

# The last has a snapshot 30 days, 7 days and a day before it, from which growth and movers are told.
DATES = (date(2026, 10, 1), date(2026, 10, 24), date(2026, 10, 30), date(2026, 10, 31))


def main() -> None:
    """Reads the command line, writes the files and prints the size of each."""
    parser = argparse.ArgumentParser(description="Write invented exports for snapshot dates.")
    parser.add_argument(
        "dates", nargs="*", type=date.fromisoformat, default=DATES, help=f"snapshot dates ({' '.join(map(str, DATES))})"
    )
    parser.add_argument("--to", type=Path, default=Path(__file__).parent, help="where to (samples/)")
    parser.add_argument("--seed", type=int, default=7, help="which set of accounts (%(default)s)")
    arguments = parser.parse_args()
    people = population(arguments.seed, MESS)
    for day in arguments.dates:
        for pattern, export in EXPORTS.items():
            path = arguments.to / pattern.format(date=day)
            path.parent.mkdir(parents=True, exist_ok=True)
            print(f"{path.write_bytes(export(people, day)):>9,}  {path.relative_to(arguments.to)}")


if __name__ == "__main__":
    main()
