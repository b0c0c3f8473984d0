"""What killed runs have left in a home.

Belongs here: sweeping all of its folders at once, as every run does first. Does not: what is left over in each of
them, which those know that write there, or the published folder, which every publisher sweeps under its own lock.
"""

from pipelines import durable, landing
from pipelines.lake import Lake
from pipelines.settings import Settings


def sweep(settings: Settings) -> int:
    """Removes what killed runs have left, and nothing that a run is at work on.

    Returns:
        How many files and folders that were.
    """
    return landing.sweep(settings.landing) + Lake(settings.lake).sweep() + durable.sweep(settings.scratch)
