"""The tables: one thin Dagster asset and one SQL file each.

Belongs here: what a table is computed from and how. Does not: wiring, schedules and storage (`pipelines`),
or what a column means (`schemas`).
"""
