"""Landed bytes to columns of text: compression, encoding, dialect, nesting, and what could not be read.

Everything is read as text; what a cell means is the shape's business (`schemas/shape.py`).
"""
