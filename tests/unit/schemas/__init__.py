"""Tests of contracts, shapes, sources.yaml, and normalized values."""
