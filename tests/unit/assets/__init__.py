"""Tests of landing, reading, inference, import and metrics."""
