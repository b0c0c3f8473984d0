"""Where bytes lie: files written whole or not at all, the lake, and DuckDB confined to its folders.

Belongs here: what every step stands on. Does not: what the bytes mean.
"""
