"""Coverage-guided fuzzing of the way from landed bytes to accepted and quarantined rows, by atheris.

    python -m tests.fuzz.targets TARGET FOLDER… [options of libFuzzer]

Belongs here: one target in one process. Does not: what the bytes stand for (`inputs`), or what must hold
(`whole_path`). A find is left where libFuzzer's `-artifact_prefix` says; a small form of it belongs into `broken_files`.
"""

import sys
from pathlib import Path

import atheris

from tests.fuzz import inputs

with atheris.instrument_imports(include=["assets.reading", "assets.importing.open_files", "schemas.json_path"]):
    from tests.fuzz import readers
    from tests.fuzz.whole_path import MOST_SECONDS, outcome


class SlowError(Exception):
    """A file took too long."""


def main() -> None:
    """Runs until libFuzzer's time is over, or there is a find."""
    target = sys.argv.pop(1)
    name, shape = inputs.TARGETS[target]
    # First-use imports do not count against a file.
    outcome("warm.csv", b"handle,followers\na,1\n", shape)
    path = Path("build/fuzz") / target / name
    path.parent.mkdir(parents=True, exist_ok=True)

    def run(data: bytes) -> None:
        if target in readers.READERS:
            path.write_bytes(data)
            readers.read(target, path)
            return
        found = outcome(name, inputs.content(target, data), shape)
        if found.seconds > MOST_SECONDS:
            raise SlowError(f"{found.seconds:.1f} s")

    atheris.Setup(sys.argv, run)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
