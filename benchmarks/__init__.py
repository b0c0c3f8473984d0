"""Benchmarks of speed, memory and ranking quality, each compared with a peer in the same run; nothing is asserted."""
