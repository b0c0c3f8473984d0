"""Checks of `make check` that no published linter has."""
