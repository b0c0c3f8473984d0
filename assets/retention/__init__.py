"""Files that go: old dates of lake and landing, and what killed writers have left.

Belongs here: which files of a home may go, and removing them. Does not: Dagster's runs (`pipelines/instance`).
"""
