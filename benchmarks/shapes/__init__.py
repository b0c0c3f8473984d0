"""Parsing through a shape, beside the same SELECT written by hand."""
