"""Behaviour tests: rows in, rows out."""
