"""Behaviour: rows in, rows out; a run, not a shape."""
