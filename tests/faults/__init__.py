"""Fault injection: `python -m tests.faults` runs the faults and prints the points hit and the failures."""
