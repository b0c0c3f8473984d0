"""Pulling of addresses: `pulling` chooses by the kind of address, and each kind has a module of its own."""
