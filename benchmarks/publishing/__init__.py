"""A whole night of a million profiles, beside a bare DuckDB script over the same files."""
