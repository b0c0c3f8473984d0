"""Erasure: a person's records are redacted in landed files and kept out of later pulls.

Belongs here: finding and rewriting records of any format. Does not: identifying the person, prompting, or publishing
(`pipelines/forget`).
"""
