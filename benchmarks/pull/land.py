"""Lands the only source of a sources.yaml: `python -m benchmarks.pull.land SOURCES HOME`.

Prints seconds and the process's peak memory in MB.
"""

import resource
import sys
import time
from datetime import date
from pathlib import Path

from pipelines import landing, sources


def main() -> None:
    """Pulls through the same function as the nightly run, and checks that it landed."""
    loaded = sources.load(Path(sys.argv[1]))
    (source,) = loaded.sources
    started = time.perf_counter()
    manifest = landing.land(
        source,
        loaded.shape(source),
        date(2026, 10, 31),
        landing=Path(sys.argv[2]),
        folder=loaded.path.parent,
        force=True,
    )
    seconds = time.perf_counter() - started
    if manifest.state != "complete":
        sys.exit(manifest.message)
    print(seconds, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)


if __name__ == "__main__":
    main()
