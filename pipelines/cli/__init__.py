"""The `smallvoices` command, a module for each reason why somebody types it.

Belongs here: options, exit codes and what is printed. Exit codes: 0 good, 1 failed, 2 wrong usage.
"""

import gc

# What is imported stays: to look through it for garbage again and again took a tenth of a small night's processor time.
gc.set_threshold(50_000)

from pipelines.cli import erasure, explain, init, inspect, run, services  # noqa: E402 - most objects are made by importing
from pipelines.cli.command import main  # noqa: E402

__all__ = ["erasure", "explain", "init", "inspect", "main", "run", "services"]
