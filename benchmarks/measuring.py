"""Measures the time and memory of a command, for benchmarks to compare.

Memory is the largest sum of resident memory over the command's processes, sampled while it runs.
"""

import subprocess
import threading
import time
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Measured:
    """The time, memory and output of a command."""

    seconds: float
    megabytes: float
    printed: str


def measure(command: list[str]) -> Measured:
    """Runs a command to its end, and measures it."""
    began = time.monotonic()
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, start_new_session=True)
    peak = [0.0]
    watcher = threading.Thread(target=_watch, args=(process, peak))
    watcher.start()
    printed, errors = process.communicate()
    seconds = time.monotonic() - began
    watcher.join()
    if process.returncode:
        raise SystemExit(f"{command[0]} failed: {errors.decode()[-2000:]}")
    return Measured(seconds, peak[0], printed.decode())


def _watch(process: subprocess.Popen[bytes], peak: list[float]) -> None:
    """Records the peak resident memory of the process and its children, in MB."""
    while process.poll() is None:
        resident = sum(_resident_kilobytes(status) for status in _session(process.pid))
        peak[0] = max(peak[0], resident / 1024)
        time.sleep(0.05)


def _session(leader: int) -> list[str]:
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            # The session id is the sixth field; the command before it, in brackets, may contain blanks.
            session = int((folder / "stat").read_text().rpartition(")")[2].split()[3])
            if session == leader:
                found.append((folder / "status").read_text())
        except (OSError, IndexError):
            continue  # ended meanwhile
    return found


def _resident_kilobytes(status: str) -> int:
    return next((int(line.split()[1]) for line in status.splitlines() if line.startswith("VmRSS:")), 0)
