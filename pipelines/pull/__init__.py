"""Addresses to landed bytes: one module per kind of address."""
