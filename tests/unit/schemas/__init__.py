"""What is promised: contracts, shapes, sources.yaml, and values in their standard form."""
