"""Runs the fault table and prints it: `python -m tests.faults --points 3 --rows 1,2`.

Ends with exit code 1 on any failure. A row with a missing requirement reports it, and counts nothing.
"""

import sys
import time
from collections.abc import Callable

import click
from rich.console import Console
from rich.table import Table

from tests.faults import backfills, conditions, disks, forgetting, kills, runs, soak, tested, thresholds
from tests.faults.table import Extent, Found, Row, joined

ROWS = joined([each.ROWS for each in (backfills, conditions, disks, forgetting, kills, runs, soak, tested, thresholds)])
_SHOWN_FAILURES = 10


@click.command()
@click.option("--points", default=0, show_default=True, help="At most so many points of each kind; 0 for all.")
@click.option("--rows", default="", help="Numbers of rows, as in 1,2,5; all where nothing is said.")
def main(points: int, rows: str) -> None:
    """Runs rows one after the other, and prints the points hit and the failures."""
    wanted = {int(number) for number in rows.split(",") if number}
    console = Console(width=None if sys.stdout.isatty() else 160, highlight=False)
    table = Table(title="Faults", show_lines=False)
    for column in ("#", "fault", "points", "failures", "seconds", "notes, and what did not run"):
        table.add_column(column, justify="right" if column in ("#", "points", "failures", "seconds") else "left")
    failures: list[str] = []
    for row in ROWS:
        if wanted and row.number not in wanted:
            continue
        start = time.monotonic()
        found = row.run(Extent(points, _progress(console, row)))
        seconds = time.monotonic() - start
        told = "; ".join([*(f"skipped: {what}" for what in found.skipped), ", ".join(found.notes)]).strip("; ")
        hit = f"{found.points:,}" if found.points or not found.skipped else "skipped"
        table.add_row(str(row.number), row.fault, hit, str(len(found.failures)), f"{seconds:.0f}", told)
        failures += [f"{row.number}: {failure}" for failure in found.failures]
        _tell(console, found)
    console.print(table)
    for failure in failures[:_SHOWN_FAILURES]:
        console.print(failure, soft_wrap=True)
    sys.exit(1 if failures else 0)


def _progress(console: Console, row: Row) -> Callable[[str, int, int], None]:
    shown = time.monotonic()

    def show(what: str, done: int, of: int) -> None:
        nonlocal shown
        now = time.monotonic()
        if console.is_terminal:
            console.print(f"{row.number}: {what}: {done} of {of}   ", end="\r")
        elif done == of or now - shown > 30:
            shown = now
            console.print(f"{row.number}: {what}: {done} of {of}")

    return show


def _tell(console: Console, found: Found) -> None:
    for failure in found.failures[:_SHOWN_FAILURES]:
        console.print(f"  failed: {failure}", soft_wrap=True, markup=False)


if __name__ == "__main__":
    main()
