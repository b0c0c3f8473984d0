"""Contracts: what every table and export shape promises.

Belongs here: pandera models, shapes, tiers, published figures, and what reads them.
Does not: moving bytes (`pipelines`) or computing numbers (`assets`); nothing is imported from either.
"""
