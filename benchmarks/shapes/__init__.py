"""Parsing through a shape, compared with the same SELECT written by hand."""
