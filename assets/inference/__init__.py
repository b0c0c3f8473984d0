"""Inference of shapes from exports: the meaning of each column, with the evidence and the open questions.

Belongs here: headers, cells and figures to a proposed shape. Does not: reading files (`assets/reading`), or the import.
"""
