"""Processes of this machine, as Linux tells of them.

Belongs here: whether one stands still, and when it was started, which tells it from a later one of the same number.
"""

import os
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

# Which of the fields after the name in /proc/<process>/stat are the state, and the start in ticks after the boot.
_STATE, _STARTED = 0, 19


@dataclass(frozen=True)
class Process:
    """One that is there.

    Attributes:
        started: When it was started.
        stands_still: Whether somebody has stopped it.
    """

    started: datetime
    stands_still: bool


def process(pid: int) -> Process:
    """What is known of a process.

    Raises:
        OSError: It has ended, or is in another container; or this is no Linux.
    """
    # Its name, in brackets, may hold anything.
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()
    lines = Path("/proc/stat").read_text(encoding="ascii").splitlines()
    booted = next(int(line.split()[1]) for line in lines if line.startswith("btime "))
    started = booted + int(fields[_STARTED]) / os.sysconf("SC_CLK_TCK")
    return Process(datetime.fromtimestamp(started, tz=UTC), fields[_STATE] in "Tt")
