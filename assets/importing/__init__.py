"""Landed files to accepted rows: opened, converted, validated, deduplicated and reconciled.

Belongs here: what becomes of every landed record of a date. Does not: how bytes are read (`assets/reading`), or
Dagster.
"""
