"""Dagster's instance and the processes around it: runs, logs, notifications, services.

Belongs here: what Dagster keeps and notifications. Does not: which runs there are (`jobs`, `runs`).
"""
