"""Accuracy of the ranking: on real posts, and on simulated data with a known truth."""
