"""Faults, injected for real: `python -m tests.faults` runs them and prints what was hit and what held."""
