"""Measures pulling over HTTP on loopback: `python -m benchmarks.pull [--megabytes N] [--rounds N]`.

One server sends one file to both in turn, so that other load on the machine affects both. curl only writes the bytes; a
pull also hashes them, checks them, and syncs them to disk. The time of the sync is shown separately.
"""

import os
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import click

SOURCES = """
sources:
  - name: generated
    shape: smallvoices
    url: http://127.0.0.1:{port}/profiles.csv?day={{date}}
    allow_private: true
"""
ROW = b"instagram,account_%012d,1000,35.5,1.25\n"


@click.command()
@click.option("--megabytes", default=2_000, show_default=True, help="Size of the export.")
@click.option("--rounds", default=3, show_default=True, help="How often each is measured; the median is shown.")
def main(megabytes: int, rounds: int) -> None:
    """Pulls an export with curl and with smallvoices, and prints rates and memory."""
    if shutil.which("curl") is None:
        sys.exit("curl is not installed, and is what this compares with")
    with tempfile.TemporaryDirectory(prefix="smallvoices-bench-") as scratch:
        folder = Path(scratch)
        export = _generate(folder / "profiles.csv", megabytes)
        with subprocess.Popen(
            [sys.executable, "-m", "benchmarks.pull.server", str(export)], stdout=subprocess.PIPE, text=True
        ) as server:
            try:
                port = int(server.stdout.readline() if server.stdout else "")
                (folder / "sources.yaml").write_text(SOURCES.format(port=port), encoding="utf-8")
                measured = [_round(folder, port) for _ in range(rounds)]
            finally:
                server.terminate()
    curl, curl_cpu, synced, pulled, pulled_cpu, memory = map(statistics.median, zip(*measured, strict=True))
    print(f"{megabytes:,} MB over HTTP on loopback, median of {rounds}")
    print(f"{'':24}{'seconds':>9}{'MB/s':>9}{'processor s':>13}{'peak MB':>9}")
    print(f"{'curl -o':24}{curl:9.2f}{megabytes / curl:9.0f}{curl_cpu:13.2f}")
    print(f"{'curl -o, then fsync':24}{synced:9.2f}{megabytes / synced:9.0f}")
    print(f"{'smallvoices':24}{pulled:9.2f}{megabytes / pulled:9.0f}{pulled_cpu:13.2f}{memory:9.0f}")
    print(f"{'curl ÷ smallvoices':24}{curl / pulled:9.2f}{'':9}{curl_cpu / pulled_cpu:13.2f}")


def _round(folder: Path, port: int) -> tuple[float, ...]:
    """Measures seconds and processor seconds of curl, seconds of curl and fsync, both of a pull, and its peak MB."""
    target = folder / "curl.csv"
    before, started = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    subprocess.run(["curl", "-s", "-o", str(target), f"http://127.0.0.1:{port}/"], check=True)  # noqa: S607 - the one there is
    curl, after = time.perf_counter() - started, resource.getrusage(resource.RUSAGE_CHILDREN)
    curl_cpu = after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime
    descriptor = os.open(target, os.O_RDONLY)
    os.fsync(descriptor)
    os.close(descriptor)
    synced = time.perf_counter() - started
    target.unlink()
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.pull.land", str(folder / "sources.yaml"), str(folder / "home")],
        check=True,
        capture_output=True,
        text=True,
    )
    shutil.rmtree(folder / "home")
    return curl, curl_cpu, synced, *map(float, done.stdout.split())


def _generate(path: Path, megabytes: int) -> Path:
    """Writes an export of about this size."""
    block = b"".join(ROW % number for number in range(25_000))
    with path.open("wb") as file:
        file.write(b"platform,handle,followers,avg_likes,avg_comments\n")
        for _ in range(megabytes * 1_000_000 // len(block)):
            file.write(block)
    return path


if __name__ == "__main__":
    main()
