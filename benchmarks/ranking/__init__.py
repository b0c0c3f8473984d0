"""Ranking a million accounts from the lake, beside the plain SQL that most people would write."""
