"""Readers of every kind while a home is published again and again: `python -m tests.faults.readers --publishes 200`.

Ends with exit code 1 if a reader saw an error, a row of another generation, a generation older than one it had seen, or
a log beside the published file. One reader opens as DuckDB 1.0.0 does, and one, as another user where this one may
become one, tries to write.
"""

import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

import click
import polars as pl

from tests.factories.published_home import DAYS, Home, make
from tests.faults.reader import score_of

READERS = Path(sys.prefix) / "readers"
_READER = Path(__file__).with_name("reader.py")
_NOBODY = 65534


@click.command()
@click.option("--publishes", default=200, show_default=True)
def main(publishes: int) -> None:
    """Starts the readers, publishes, and prints the counts of the readers."""
    with tempfile.TemporaryDirectory(prefix="smallvoices-faults-") as scratch:
        Path(scratch).chmod(0o755)
        home = make(Path(scratch))
        _publish(home, 2)
        script = shutil.copy(_READER, Path(scratch) / "reader.py")
        readers = [_start(command, home) for command in _commands(str(script))]
        for number in range(publishes):
            _publish(home, number + 3)
            print(f"\r{number + 1} of {publishes} publishes", end="", flush=True)
        print()
        told = [json.loads(reader.communicate()[0]) for reader in readers]
        logs = [path.name for path in home.published.glob("*.wal")]
        last = home.manifest["generation"]
    for found in told:
        print(
            f"{found['kind']:9} DuckDB {found['duckdb']:6} uid {found['uid']:5}: {found['reads']:6,} reads, "
            f"{len(found['errors'])} errors, {found['torn']} torn, {found['back']} back, saw generation {found['generation']}"
        )
    reads = sum(found["reads"] for found in told)
    bad = sum(len(found["errors"]) + found["torn"] + found["back"] for found in told)
    print(f"{publishes} publishes up to generation {last}, {reads:,} reads by {len(told)} readers, {bad} gone wrong")
    errors = [error for found in told for error in found["errors"]]
    if bad or logs or not all(found["reads"] for found in told):
        raise SystemExit("\n".join([*errors[:5], *logs]) or "a reader was torn, went back or read nothing")


def _commands(script: str) -> list[list[str]]:
    old = READERS / "duckdb-1.0.0/bin/python"
    if not old.exists():
        raise SystemExit("DuckDB 1.0.0 is not installed; run `make readers`")
    here = [sys.executable, script]
    # Root may write regardless of file modes.
    other = (
        ["setpriv", f"--reuid={_NOBODY}", f"--regid={_NOBODY}", "--clear-groups", *here] if not os.getuid() else here
    )
    return [[*here, "opens"], [*here, "keeps"], [*here, "manifest"], [str(old), script, "opens"], [*other, "writes"]]


def _start(command: Sequence[str], home: Home) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [*command, str(home.published)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=home.folder
    )


def _publish(home: Home, generation: int) -> None:
    for day in DAYS:
        home.rewrite(day, pl.lit(score_of(generation)).alias("score"))
    published = home.publish()
    if published.number != generation:
        raise SystemExit(f"generation {published.number} was published in place of {generation}")


if __name__ == "__main__":
    main()
