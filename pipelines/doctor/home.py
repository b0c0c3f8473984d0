"""Checks of the home: write permissions, free space, and lock holders."""

import errno
import os
import shutil
import tempfile
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

from rich import filesize

from assets.landing import suppression
from assets.landing.suppression import SuppressionError
from assets.publishing import publish_protocol
from assets.retention import temp_cleanup
from assets.storage.lake import Lake
from pipelines.doctor.finding import Finding, Level, span
from pipelines.instance import processes
from schemas.settings import Settings

# Nightly runs that must fit: below the first, a warning; below the second, a problem.
_NIGHTS_AHEAD = 14
_NIGHTS_NEEDED = 2
# Thresholds where no run has been measured yet.
_FIRST_NIGHT_BYTES = 1_000_000_000
# Below this nothing runs at all.
_FULL_BYTES = 10_000_000
_FREE_FILES = 10_000
_LOCKS = Path("/proc/locks")
# Errors that no change of a file's mode repairs.
_OF_THE_DISK = {
    errno.EROFS: "mount it to be written to, or name another folder with --home",
    errno.ENOSPC: "make room on its disk",
    errno.EDQUOT: "make room within the quota",
}
_LONG = timedelta(hours=1)


def permissions(settings: Settings) -> Iterator[Finding]:
    """Checks that this user may write wherever a nightly run writes."""
    if not settings.home.exists():
        yield Finding("permissions", "warning", f"{settings.home} is not there yet", settings.command("nightly"))
        return
    refused = list(_refused(settings))
    for folder, why, number in refused:
        remedy = f"as its owner: chown -R {os.getuid()} {settings.home}, or run smallvoices as the user it belongs to"
        if folder.exists() and folder.stat().st_uid == os.getuid():
            remedy = _OF_THE_DISK.get(number, f"chmod -R u+rwX {settings.home}")
        yield Finding("permissions", "problem", f"{folder}: {why}", remedy)
    if not refused:
        yield Finding("permissions", "ok", f"{settings.home} can be written to")


def _refused(settings: Settings) -> Iterator[tuple[Path, str, int]]:
    """Returns folders that cannot be written to, with the reason as text and as errno."""
    folders = (
        settings.home, settings.landing, settings.lake, settings.published, settings.scratch, settings.dagster_home,
    )  # fmt: skip
    for folder in folders:
        try:
            if folder.exists() or folder.is_symlink():
                with tempfile.TemporaryFile(dir=folder):
                    pass
        except OSError as error:
            yield folder, f"cannot be written to: {error.strerror}", error.errno or 0
            continue
        # Folders below that another user has created, for example by one run as root.
        below = (Path(at) for at, _, _ in os.walk(folder) if folder != settings.home and not os.access(at, os.W_OK))
        if (first := next(below, None)) is not None:
            said = f"belongs to user {first.stat().st_uid}, and this one ({os.getuid()}) may not write to it"
            yield first, said, errno.EACCES


def room(settings: Settings) -> Iterator[Finding]:
    """Compares free space and free inodes with the size of the newest nightly run."""
    place = next(folder for folder in (settings.home, *settings.home.parents) if folder.exists())
    free, files = shutil.disk_usage(place).free, os.statvfs(place)
    night = _newest_night(settings)
    remedy = (
        "make room, or keep fewer old dates: `smallvoices prune --dry-run` lists what can be deleted, and "
        "docs/operations.md, Retention, the settings"
    )
    shown = filesize.decimal(free)
    level: Level
    if night:
        nights = free // night
        said = f"{shown} free; the newest night took {filesize.decimal(night)}, so there is room for {nights:,} more"
        level = "problem" if nights < _NIGHTS_NEEDED else "warning" if nights < _NIGHTS_AHEAD else "ok"
    else:
        said = f"{shown} free; what a night takes is not known before the first"
        level = "problem" if free < _FULL_BYTES else "warning" if free < _FIRST_NIGHT_BYTES else "ok"
    yield Finding("disk", level, said, "" if level == "ok" else remedy)
    # Some file systems report no inode count, but 0 of 0.
    if files.f_files and files.f_favail < _FREE_FILES:
        yield Finding("disk", "warning", f"room for {files.f_favail:,} files only, whatever their size", remedy)


def _newest_night(settings: Settings) -> int:
    """Returns the bytes of the newest date in landing and lake, and of a generation in `published`."""
    dates = Lake(settings.lake).dates("ranking")
    if not dates:
        return 0
    newest = dates[-1].isoformat()
    places = [
        *settings.landing.glob(f"*/{newest}"),
        *settings.lake.glob(f"*/snapshot_date={newest}"),
        *publish_protocol.generations(settings.published)[-1:],
    ]
    return sum(file.stat().st_size for place in places for file in place.rglob("*") if file.is_file())


def left_overs(settings: Settings) -> Iterator[Finding]:
    """Finds temporary files of killed writers."""
    found = list(temp_cleanup.left_overs(settings))
    if found:
        said = f"{len(found):,} left by writers that were killed; the first: {found[0]}"
        yield Finding("left-overs", "warning", said, "the next run sweeps them; until then, smallvoices prune")
    else:
        yield Finding("left-overs", "ok", "none")
    begun = len(list(settings.forgetting.glob("*.json")))
    if begun:
        yield Finding(
            "left-overs",
            "problem",
            f"erasing {begun} {'person' if begun == 1 else 'people'} was begun and has not ended",
            "run `smallvoices erase` for them again",
        )


def suppressed(settings: Settings) -> Iterator[Finding]:
    """Checks that erased persons are still suppressed: the suppression file may be lost with a disk."""
    try:
        count = len(suppression.load(settings.suppressed).entries)
    except SuppressionError as error:
        yield Finding("suppressed", "problem", f"{error}", "until then no night runs")
        return
    if not (settings.suppressed / suppression.ENTRIES).exists() and (first := _erased_in(settings)):
        said = f"people were erased ({first} has lost records), and {settings.suppressed} that keeps them out is gone"
        yield Finding("suppressed", "problem", said, "restore it from a backup, or forget each person again")
    else:
        yield Finding("suppressed", "ok", f"{count:,} ids and handles are kept out" if count else "nobody is kept out")


def _erased_in(settings: Settings) -> Path | None:
    """Searches a manifest for tombstones; manifests of many pages are long, so they are searched and not parsed."""
    manifests = settings.landing.glob("*/*/manifests/[0-9]*.json")
    return next((path for path in manifests if b'"tombstones": [\n' in path.read_bytes()), None)


def locks(settings: Settings) -> Iterator[Finding]:
    """Reports lock holders. The system releases a lock when its holder ends, so no file has to be removed by hand."""
    if not _LOCKS.exists():
        yield Finding("locks", "ok", "this system does not tell who holds them; see `fuser`")
        return
    files = [*settings.home.glob(".*lock"), *settings.home.glob("*/.*lock")]
    held = [_held(file, holder) for file in files for holder in _holders(file)]
    yield from held or [Finding("locks", "ok", "nobody holds one")]


def _holders(file: Path) -> Iterator[int]:
    status = file.stat()
    name = f"{os.major(status.st_dev):02x}:{os.minor(status.st_dev):02x}:{status.st_ino}"
    for line in _LOCKS.read_text(encoding="ascii").splitlines():
        # 1: FLOCK  ADVISORY  WRITE 7073 fe:00:2155617 0 EOF; a waiting process has "->" after the number.
        fields = line.split()
        if name in fields and "->" not in fields:
            yield int(fields[fields.index(name) - 1])


def _held(file: Path, holder: int) -> Finding:
    try:
        words = Path(f"/proc/{holder}/cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace").strip()
        process = processes.process(holder)
    except OSError:
        # The process has ended meanwhile, or is in another container.
        return Finding("locks", "warning", f"{file} is held by process {holder}, which cannot be seen from here")
    since = datetime.now(tz=UTC) - process.started
    said = f"{file} is held by process {holder} ({words}), which was started {span(since)} ago"
    if process.stands_still:
        return Finding(
            "locks",
            "problem",
            f"{said} and stands still",
            f"let it go on (kill -CONT {holder}), or end it (kill {holder})",
        )
    if since > _LONG:
        return Finding("locks", "warning", said, f"see whether it gets on; if not, end it (kill {holder})")
    return Finding("locks", "ok", said)
