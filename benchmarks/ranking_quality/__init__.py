"""Accuracy of the ranking: on real posts, and in simulated worlds whose truth is known."""
