"""Import: landed files are opened, converted, validated, deduplicated and reconciled into accepted rows.

Belongs here: the processing of every landed record of a date. Does not: reading bytes (`assets/reading`), or
Dagster.
"""
