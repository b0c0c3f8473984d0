"""Synthetic exports to try the pipeline with, in the formats of three vendors.

Belongs here: their accounts, their planted errors, and writing them. The pipeline only ever sees the files.
"""
