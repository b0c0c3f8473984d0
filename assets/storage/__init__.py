"""Storage: atomic writes, the lake, and DuckDB restricted to its folders.

Belongs here: the base of every step. Does not: the meaning of the bytes.
"""
