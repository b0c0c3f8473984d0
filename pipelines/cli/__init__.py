"""The `smallvoices` command, one module per purpose.

Belongs here: options, exit codes and what is printed. Exit codes: 0 good, 1 failed, 2 wrong usage.
"""

import gc

# Imported modules stay alive: scanning them for garbage repeatedly took a tenth of the processor time of a small run.
gc.set_threshold(50_000)

from pipelines.cli import erasure, explain, init, inspect, run, services  # noqa: E402 - most objects are made by importing
from pipelines.cli.command import main  # noqa: E402

__all__ = ["erasure", "explain", "init", "inspect", "main", "run", "services"]
