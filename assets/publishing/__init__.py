"""Publishing: from the lake to one generation of DuckDB, Parquet, CSV and the report, or to PostgreSQL.

Belongs here: the choice of rows, the file formats, and the protocol that swaps a generation in. Does not: Dagster.
"""
