"""Behaviour of single parts, in this process: rows in, rows out."""
