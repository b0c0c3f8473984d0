"""Contracts and configuration: tables, export shapes, sources.yaml and settings.

Belongs here: pandera models, shapes, configuration, reference data, and their readers. Does not: moving bytes or
computing numbers (`assets`), or running anything (`pipelines`); nothing is imported from either.
"""
