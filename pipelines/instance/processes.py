"""Processes of this machine, from Linux's /proc.

Belongs here: the state and start time of a process; the start time distinguishes it from a later one with the same id.
"""

import os
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

# Positions, after the name in /proc/<process>/stat, of the state and of the start in ticks since boot.
_STATE, _STARTED = 0, 19


@dataclass(frozen=True)
class Process:
    """A running process.

    Attributes:
        started: The time when it started.
        stands_still: True if it is stopped.
    """

    started: datetime
    stands_still: bool


def process(pid: int) -> Process:
    """Returns the state of a process.

    Raises:
        OSError: It has ended, is in another container, or the system is not Linux.
    """
    # The name of the process, in brackets, may contain any character.
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()
    lines = Path("/proc/stat").read_text(encoding="ascii").splitlines()
    booted = next(int(line.split()[1]) for line in lines if line.startswith("btime "))
    started = booted + int(fields[_STARTED]) / os.sysconf("SC_CLK_TCK")
    return Process(datetime.fromtimestamp(started, tz=UTC), fields[_STATE] in "Tt")
