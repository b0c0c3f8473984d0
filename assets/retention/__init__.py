"""Retention: removal of old dates of lake and landing, and of files of killed writers.

Belongs here: the choice and removal of files of a home. Does not: Dagster's runs (`pipelines/instance`).
"""
