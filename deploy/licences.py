"""The licences of all packages that are installed with smallvoices: `make licences` writes docs/licences.md.

Belongs here: accepted licences, and the list. Does not: reading them from packages, which pip-licenses does.
"""

import json
import re
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parent.parent
LOCK = REPOSITORY / "deploy" / "requirements.lock"
DOCUMENT = REPOSITORY / "docs" / "licences.md"
_PINNED = re.compile(r"^([A-Za-z0-9._-]+)(?:\[[a-z,]+\])?==[^ ]+( ; .+?)? \\$", re.MULTILINE)
# As packages write them. Permissive ones, and those with copyleft for their own source only: LGPL and MPL.
FIT = frozenset(
    {
        "0BSD", "3-Clause BSD License", "Apache Software License", "Apache-2.0", "BSD", "BSD License", "BSD-2-Clause",
        "BSD-3-Clause", "CC0-1.0", "GNU Library or Lesser General Public License (LGPL)", "ISC", "LGPL-3.0-only", "MIT",
        "MIT License", "MIT-CMU", "MPL-2.0", "Mozilla Public License 2.0 (MPL 2.0)", "PSF-2.0",
        "Python Software Foundation License", "Unlicense", "Zlib",
    }
)  # fmt: skip
_HEAD = """# Licences

The licence of every package that `requirements.lock` and the extra `postgres-storage` install on Linux, as the package
states it. Written by `make licences`. A test compares the list with what is installed, and refuses unknown licences and
those that require the source of more than the package itself (GPL, AGPL).

| package | licence |
|---|---|
"""


def pinned() -> dict[str, str]:
    """Returns every package of the lock, by its lower-case name, with its environment marker."""
    return {_plain(name): marker for name, marker in _PINNED.findall(LOCK.read_text(encoding="utf-8"))}


def installed() -> dict[str, str]:
    """Returns the packages of the lock that are installed here, with their stated licences."""
    command = [
        sys.executable,
        "-m",
        "piplicenses",
        "--from=mixed",
        "--format=json",
        "--with-system",
        "--packages",
        *pinned(),
    ]
    done = subprocess.run(command, capture_output=True, text=True, check=True)  # noqa: S603 - names of our own lock
    return {_plain(row["Name"]): row["License"] for row in json.loads(done.stdout)}


def unfit(licences: Mapping[str, str]) -> dict[str, str]:
    """Returns packages whose licence is unknown or not accepted."""
    return {name: licence for name, licence in licences.items() if not _is_fit(licence)}


def _is_fit(licence: str) -> bool:
    # Of licences joined by OR, or listed, one may be chosen.
    return any(
        all(part.strip(" ()") in FIT or part.strip() in FIT for part in choice.split(" AND "))
        for choice in re.split(r" OR |; ", licence)
    )


def listed() -> dict[str, str]:
    """Returns the text of the document."""
    rows = re.findall(r"^\| ([^|]+) \| ([^|]+) \|$", DOCUMENT.read_text(encoding="utf-8"), re.MULTILINE)
    return {name: licence for name, licence in rows if name != "package"}


def _plain(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def main() -> int:
    """Writes the document; the exit code is 1 if a licence is not accepted."""
    found = installed()
    rows = "".join(f"| {name} | {licence} |\n" for name, licence in sorted(found.items()))
    DOCUMENT.write_text(_HEAD + rows, encoding="utf-8")
    for name, licence in unfit(found).items():
        sys.stderr.write(f"{name}: {licence} is not fit; replace the package, or allow it in {Path(__file__).name}\n")
    return 1 if unfit(found) else 0


if __name__ == "__main__":
    sys.exit(main())
