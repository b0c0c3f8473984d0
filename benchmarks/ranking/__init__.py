"""Ranking a million accounts from the lake, compared with plain SQL."""
