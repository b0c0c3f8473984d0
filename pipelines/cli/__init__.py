"""The `smallvoices` command, a module for each reason why somebody types it.

Belongs here: options, exit codes and what is printed. Exit codes: 0 good, 1 failed, 2 wrong usage.
"""

from pipelines.cli import looking, nights, people, services
from pipelines.cli.command import main

__all__ = ["looking", "main", "nights", "people", "services"]
