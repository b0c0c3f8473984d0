"""Factories of test data: synthetic exports, homes, and servers on loopback."""
