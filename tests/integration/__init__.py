"""Integration tests: real commands, runs and servers, with processes, networks and databases."""
