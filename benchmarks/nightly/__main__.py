"""Measures a night: `python -m benchmarks.nightly [--accounts N] [--directory DIR]`.

Both programs run over the same files, one after the other, each in processes of its own. Memory is the largest
sum of resident memory over a program's processes, sampled while it runs.
"""

import subprocess
import sys
import tempfile
import threading
import time
from dataclasses import dataclass
from pathlib import Path

import click
import duckdb

SNAPSHOT = "2026-10-31"
SOURCES = """
sources:
  - name: generated
    shape: smallvoices
    url: {directory}/profiles.ndjson
    posts_url: {directory}/posts.ndjson
"""


@dataclass(frozen=True)
class Measured:
    """What a command took."""

    seconds: float
    megabytes: float


@click.command()
@click.option(
    "--accounts", default=1_000_000, show_default=True, help="Profiles; posts are about twelve times as many."
)
@click.option(
    "--directory", type=click.Path(file_okay=False, path_type=Path), help="Where to keep the generated export."
)
def main(accounts: int, directory: Path | None) -> None:
    """Runs the nightly pipeline and the bare script over a generated export, and prints both."""
    with tempfile.TemporaryDirectory(prefix="smallvoices-bench-") as scratch:
        folder = Path(scratch)
        exports = directory or folder / "exports"
        generate(exports, accounts)
        size = sum(file.stat().st_size for file in exports.iterdir()) / 1e9
        print(f"{accounts:,} profiles with their posts, {size:.2f} GB of NDJSON")
        (folder / "bare").mkdir()
        bare = _measure([sys.executable, "-m", "benchmarks.nightly.bare", str(exports), str(folder / "bare")])
        (folder / "sources.yaml").write_text(SOURCES.format(directory=exports), encoding="utf-8")
        command = [str(Path(sys.executable).with_name("smallvoices")), "nightly", "--date", SNAPSHOT]
        nightly = _measure([*command, "--sources", str(folder / "sources.yaml"), "--home", str(folder / "home")])
    print(f"{'':24}{'seconds':>9}{'peak MB':>9}")
    print(f"{'bare DuckDB script':24}{bare.seconds:9.1f}{bare.megabytes:9.0f}")
    print(f"{'smallvoices nightly':24}{nightly.seconds:9.1f}{nightly.megabytes:9.0f}")
    print(f"{'ratio':24}{nightly.seconds / bare.seconds:9.2f}{nightly.megabytes / bare.megabytes:9.2f}")


def generate(exports: Path, accounts: int) -> None:
    """Writes the export, unless it lies there already."""
    if (exports / "posts.ndjson").exists():
        return
    exports.mkdir(parents=True, exist_ok=True)
    with duckdb.connect(":memory:") as connection:
        connection.execute("SET VARIABLE accounts = $1", [accounts])
        connection.execute("SET VARIABLE snapshot_date = $1", [SNAPSHOT])
        connection.execute("SET VARIABLE directory = $1", [str(exports)])
        connection.execute((Path(__file__).parent / "generate.sql").read_text(encoding="utf-8"))


def _measure(command: list[str]) -> Measured:
    began = time.monotonic()
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, start_new_session=True)
    peak = [0.0]
    watcher = threading.Thread(target=_watch, args=(process, peak))
    watcher.start()
    _, errors = process.communicate()
    seconds = time.monotonic() - began
    watcher.join()
    if process.returncode:
        raise SystemExit(f"{command[0]} failed: {errors.decode()[-2000:]}")
    return Measured(seconds, peak[0])


def _watch(process: subprocess.Popen[bytes], peak: list[float]) -> None:
    """Keeps the largest resident memory of the process and its children, in MB."""
    while process.poll() is None:
        resident = sum(_resident_kilobytes(status) for status in _session(process.pid))
        peak[0] = max(peak[0], resident / 1024)
        time.sleep(0.05)


def _session(leader: int) -> list[str]:
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            # The session id is the sixth field; the command before it, in brackets, may hold blanks.
            session = int((folder / "stat").read_text().rpartition(")")[2].split()[3])
            if session == leader:
                found.append((folder / "status").read_text())
        except (OSError, IndexError):
            continue  # ended meanwhile
    return found


def _resident_kilobytes(status: str) -> int:
    return next((int(line.split()[1]) for line in status.splitlines() if line.startswith("VmRSS:")), 0)


if __name__ == "__main__":
    main()
