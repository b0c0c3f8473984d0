"""What a command takes: seconds and memory, its children's included.

Belongs here: measuring from outside, for every benchmark that compares two programs.
"""

import subprocess
import threading
import time
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Measured:
    """What a command took, and what it printed."""

    seconds: float
    megabytes: float
    output: str


def measure(command: list[str]) -> Measured:
    """Runs a command to its end, in a session of its own."""
    began = time.monotonic()
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, start_new_session=True)
    peak = [0.0]
    watcher = threading.Thread(target=_watch, args=(process, peak))
    watcher.start()
    output, errors = process.communicate()
    seconds = time.monotonic() - began
    watcher.join()
    if process.returncode:
        raise SystemExit(f"{command[0]} failed: {errors.decode()[-2000:]}")
    return Measured(seconds, peak[0], output.decode())


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
