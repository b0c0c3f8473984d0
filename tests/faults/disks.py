"""Full or broken disks: each change refused once, and homes on file systems of ten sizes.

Belongs here: refused changes, which must be reported in one line with the path. The required state afterwards is that
of kills (`kills`).
"""

import errno
import os
import shutil
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

from tests.factories.published_home import Home
from tests.faults import homes, kills, syscalls
from tests.faults.kills import NIGHT, WORKS, Prepared
from tests.faults.table import Extent, Found, Row

_REFUSALS = {errno.ENOSPC: "full", errno.EIO: "broken"}
_MOST_OF_A_NIGHT = 20
_SIZES = 10


def refused(extent: Extent) -> Found:
    """Refuses each change once, as a full disk and as a broken one."""
    found = Found()
    if lacking := syscalls.missing():
        found.skipped.append(f"refused calls: needs {lacking}")
    with homes.template() as template:
        if not lacking:
            for work in [*WORKS, NIGHT]:
                _refuse_each(template, work, extent, found)
        _sizes(template, extent, found)
    return found


def _refuse_each(template: Path, work: kills.Work, extent: Extent, found: Found) -> None:
    with kills.prepared(template, work) as ready:
        telling = [
            (call, number) for call in syscalls.telling(ready.calls) if call.name not in _UNDONE for number in _REFUSALS
        ]
        most = _MOST_OF_A_NIGHT if work is NIGHT else 0
        for call, number in extent.some(work.name, telling, most=most):
            with homes.copied(ready.folder) as home:
                where = f"{work.name}, {_REFUSALS[number]} at {call.name} of {call.path}"
                wrong = _refuse(ready, home, call.place, number)
                found.hit(wrong and f"{where}: {wrong}")


# Calls that free space do not fail for lack of it.
_UNDONE = {"unlink", "unlinkat", "rmdir"}


def _refuse(ready: Prepared, home: Home, place: int, number: int) -> str | None:
    ended = syscalls.supervised(
        partial(ready.work.do, home), home.settings.home, lambda call: number if call.place == place else None
    )
    if ended.was_killed:
        return "it died"
    if not ended.error and ready.work.state is not None and syscalls.run(partial(ready.work.state, home)) != ready.new:
        return f"it ended well, and says {syscalls.run(partial(ready.work.state, home))} in place of {ready.new}"
    if ended.error and (wrong := _badly_told(ended.error, home)):
        return wrong
    return ready.recovered(home)


def _badly_told(error: str, home: Home) -> str | None:
    if "\n" in error.strip():
        return f"told in several lines: {error}"
    return None if str(home.folder) in error else f"without a path: {error}"


def _sizes(template: Path, extent: Extent, found: Found) -> None:
    """Runs in homes with this much more space than is used already, from nothing to enough."""
    if os.geteuid() or not shutil.which("mount"):
        found.skipped.append("tmpfs: needs root and mount")
        return
    with homes.copied(template) as home:
        before = _bytes(home.settings.home)
        syscalls.run(partial(homes.night, home))
        need = _bytes(home.settings.home) - before
    expected = ""
    for tenth in extent.some("tmpfs", range(_SIZES + 1)):
        with homes.copied(template) as home, _mounted(home, before + need * tenth // 4) as grow:
            old = syscalls.run(partial(homes.shown, home))
            told = ""
            try:
                syscalls.run(partial(homes.night, home))
            except RuntimeError as error:
                told = str(error)
            wrong = _badly_told(told, home) if told else None
            seen = syscalls.run(partial(homes.shown, home))
            if told and not wrong and seen != old:
                wrong = f"it failed, and {seen} is out in place of {old}"
            grow()
            syscalls.run(partial(homes.night, home))
            expected = expected or syscalls.run(partial(homes.shown, home)).content_hash
            if not wrong and syscalls.run(partial(homes.shown, home)).content_hash != expected:
                wrong = "once there was room, it did not converge"
            found.hit(wrong and f"tmpfs of {tenth} quarters more: {wrong}")
            found.notes.append(f"tmpfs +{need * tenth // 4 >> 10} KiB {'failed' if told else 'enough'}")


def _bytes(folder: Path) -> int:
    return sum(path.lstat().st_blocks * 512 for path in folder.rglob("*"))


@contextmanager
def _mounted(home: Home, size: int) -> Iterator[Callable[[], object]]:
    """Mounts the home on a separate file system; returns a function that enlarges it."""
    place = home.settings.home
    kept = place.rename(place.with_name("kept"))
    place.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", str(place)], check=True)
    try:
        shutil.copytree(kept, place, symlinks=True, dirs_exist_ok=True)
        yield lambda: subprocess.run(["mount", "-o", "remount,size=1g", str(place)], check=True)
    finally:
        subprocess.run(["umount", str(place)], check=True)


ROWS = (Row(5, "disk full, EIO", "published file intact; one line names the path; works once there is room", refused),)
