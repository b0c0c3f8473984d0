"""Refuses phrases that this project replaces by the standard term: `python -m lint.vocabulary`.

Belongs here: phrases that are wrong wherever they stand, with their replacements, and the files not yet clean of them.
"""

import re
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fnmatch import fnmatch
from pathlib import Path

# Pattern of a phrase, and its replacement.
PHRASES = {
    r"(hold|holds|held|holding) ((it|them|each|one) )?(against|beside)": "compare with",
    r"(left|leave|leaves|leaving) aside": "ignore, drop",
    r"(let|lets|letting) go of": "delete, drop",
    r"(has its|have their) say": "is weighted by",
    r"of which none|of which there is none": "none of, all fixed",
    r"by bare means": "at the I/O floor",
    r"(un)?told": "reported, detected, inferred; `message` for a name",
    r"tells? of": "reports, logs",
    r"says? so": "reports it, logs it",
    r"what is (usual|typical)": "the baseline, the expected value",
    r"that may hold of": "the component",
    r"counts? by how likely": "is weighted by its likelihood",
    r"in vain": "failed",
}
# Python only: a docstring opens with a verb or a noun.
DOCSTRING = r'"""(What|Whether|Which) '

# Files that still contain some. Never add any: `python -m lint.vocabulary --count` lists the remaining hits.
NOT_YET_CLEAN = (
    "assets/*",
    "benchmarks/*",
    "pipelines/*",
    "tests/*",
)

_CHECKED = {
    ".css", ".csv", ".html", ".js", ".md", ".mjs", ".py", ".service", ".sql", ".toml", ".yaml", ".yml", "",
}  # fmt: skip
# Data, third-party code, and the list itself.
_NOT_OURS = ("*.min.js", "LICENSE", "lint/vocabulary.py", "samples/*/*", "tests/fixtures/*", "tests/test_vocabulary.py")
# Between two words: white space and, where a comment continues on the next line, its mark.
_GAP = r"\s+(?:(?:#|--|//)\s+)?"


@dataclass(frozen=True)
class Hit:
    """A phrase found: its place, its text, and the replacement."""

    path: str
    line: int
    phrase: str
    instead: str


def hits(path: str, text: str) -> Iterator[Hit]:
    """Finds the phrases in a file, in order of the phrases."""
    # Matches names as well: `_told`, `told_by`.
    patterns = {rf"(?<![a-zA-Z])(?:{phrase.replace(' ', _GAP)})(?![a-zA-Z])": PHRASES[phrase] for phrase in PHRASES}
    if path.endswith(".py"):
        patterns[DOCSTRING] = "a verb or a noun: Returns …, The …"
    for pattern, instead in patterns.items():
        flags = re.NOFLAG if pattern == DOCSTRING else re.IGNORECASE
        for found in re.finditer(pattern, text, flags):
            yield Hit(path, text.count("\n", 0, found.start()) + 1, " ".join(found[0].split()), instead)


def tracked(root: Path) -> list[str]:
    """Returns the files of the repository that are checked."""
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=root, check=True, capture_output=True, text=True).stdout  # noqa: S607 - git of the path, as developers have it
    return [
        path
        for path in filter(None, listed.split("\0"))
        if Path(path).suffix in _CHECKED and not any(fnmatch(path, other) for other in _NOT_OURS)
    ]


def problems(found: Sequence[Hit], not_yet_clean: Sequence[str]) -> list[str]:
    """Describes hits in files that must be clean, and entries of NOT_YET_CLEAN without hits."""
    refused = [hit for hit in found if not any(fnmatch(hit.path, glob) for glob in not_yet_clean)]
    lines = [f"{hit.path}:{hit.line}: {hit.phrase!r}; write {hit.instead}" for hit in refused]
    clean = [glob for glob in not_yet_clean if not any(fnmatch(hit.path, glob) for hit in found)]
    return lines + [f"{glob} is clean now: remove it from NOT_YET_CLEAN in lint/vocabulary.py" for glob in clean]


def main(arguments: Sequence[str]) -> int:
    """Prints the refused phrases, or with --count the number of hits by file, and returns the exit code."""
    root = Path(__file__).resolve().parent.parent
    found = [
        hit
        for path in tracked(root)
        if (root / path).is_file()
        for hit in hits(path, (root / path).read_text(encoding="utf-8"))
    ]
    if "--count" in arguments:
        for path, count in Counter(hit.path for hit in found).most_common():
            sys.stdout.write(f"{count:5} {path}\n")
        sys.stdout.write(f"{len(found):5} in all\n")
        return 0
    lines = problems(found, NOT_YET_CLEAN)
    sys.stdout.write("".join(f"{line}\n" for line in lines))
    return 1 if lines else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
