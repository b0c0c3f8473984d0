"""Reading: landed bytes to columns of text: compression, encoding, dialect, nesting, and unreadable records.

Everything is read as text; the meaning of a cell is defined by the shape (`schemas/shape.py`).
"""
