"""A nightly run of a million profiles, compared with a plain DuckDB script over the same files."""
