"""The lake to what readers open: one generation of DuckDB, Parquet, CSV and the report, or PostgreSQL.

Belongs here: which rows are published, in which forms, and the protocol that swaps a generation in. Does not: Dagster.
"""
