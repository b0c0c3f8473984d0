"""Every file of a folder, or every invented broken file, through landing and import: a table of what became of each.

    python -m tests.fuzz.folder [FOLDER] [--shape auto|declared] [--all]

Each file has a process of its own to die in. The exit code is 1 where one crashed, hung, took more than
`whole_path.MOST_SECONDS`, or has a record that is counted nowhere.
"""

import argparse
import sys
from collections.abc import Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from itertools import product
from pathlib import Path

from tests.fuzz import broken_files
from tests.fuzz.whole_path import MOST_SECONDS, SHAPES, Outcome, outcome

_HANGS_AFTER = 30


def main() -> int:
    """Prints the table; returns the exit code."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", nargs="?", type=Path, help="files to try; left out: invented ones")
    parser.add_argument("--shape", choices=SHAPES, action="append", help="left out: both")
    parser.add_argument("--all", action="store_true", help="print files that went well, too")
    options = parser.parse_args()
    files = _of_folder(options.folder) if options.folder else broken_files.files()
    bad = tried = 0
    for name, shape, found in _outcomes(files, options.shape or SHAPES):
        tried += 1
        is_bad = isinstance(found, str) or found.seconds > MOST_SECONDS
        bad += is_bad
        if is_bad or options.all:
            print(_line(name, shape, found, is_bad=is_bad), flush=True)
    print(f"{tried} tried, {bad} bad")
    return 1 if bad else 0


def _of_folder(folder: Path) -> Iterator[tuple[str, bytes]]:
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            yield path.name, path.read_bytes()


def _outcomes(files: Iterable[tuple[str, bytes]], shapes: Iterable[str]) -> Iterator[tuple[str, str, Outcome | str]]:
    """Returns the outcome of each file, or its failure."""
    pool = _warm_pool()
    for (name, content), shape in product(files, shapes):
        try:
            found: Outcome | str = pool.submit(outcome, name, content, shape).result(_HANGS_AFTER)
        except (TimeoutError, BrokenProcessPool) as error:
            found = "kills the process" if isinstance(error, BrokenProcessPool) else f"hangs: over {_HANGS_AFTER} s"
            for process in (pool._processes or {}).values():  # noqa: SLF001 - there is no other way to end one that hangs
                process.kill()
            pool = _warm_pool()
        except Exception as error:  # noqa: BLE001 - whatever it is, it is what is looked for
            found = f"{type(error).__name__}: {' '.join(str(error).split())[:300]}"
        yield name, shape, found
    pool.shutdown()


def _warm_pool() -> ProcessPoolExecutor:
    """Returns a process to try files in; first-use imports do not count against a file."""
    pool = ProcessPoolExecutor(1)
    pool.submit(outcome, "warm.csv", b"handle,followers\na,1\n").result()
    return pool


def _line(name: str, shape: str, found: Outcome | str, *, is_bad: bool) -> str:
    mark = "BAD " if is_bad else "    "
    if isinstance(found, str):
        return f"{mark}{name:40} {shape:8} {found}"
    return (
        f"{mark}{name:40} {shape:8} {found.seconds:5.2f} s {found.state:15} {found.landed:6} = {found.accepted} + "
        f"{found.quarantined} + {found.deduplicated}  {found.message[:160]!r}"
    )


if __name__ == "__main__":
    sys.exit(main())
