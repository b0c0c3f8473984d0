"""Unit tests in this process: rows in, rows out."""
