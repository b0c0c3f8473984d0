"""Speed, memory and, later, ranking quality: measured beside a peer in the same run, never asserted."""
