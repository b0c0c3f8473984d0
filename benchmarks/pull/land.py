"""Lands the only source of a sources.yaml: `python -m benchmarks.pull.land SOURCES HOME`.

Prints seconds, processor seconds, and the process's peak memory in MB.
"""

import resource
import sys
import time
from datetime import date
from pathlib import Path

from assets.landing import store
from schemas.config import sources_file


def main() -> None:
    """Pulls through the same function as the nightly run, and checks that the export landed."""
    loaded = sources_file.load(Path(sys.argv[1]))
    (source,) = loaded.sources
    started, worked = time.perf_counter(), time.process_time()
    manifest = store.land(
        source,
        loaded.shape(source),
        date(2026, 10, 31),
        landing=Path(sys.argv[2]),
        folder=loaded.path.parent,
        force=True,
    )
    seconds, processor = time.perf_counter() - started, time.process_time() - worked
    if manifest.state != "complete":
        sys.exit(manifest.message)
    print(seconds, processor, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)


if __name__ == "__main__":
    main()
