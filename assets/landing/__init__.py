"""What sources sent, byte for byte: pulled, landed with a manifest, and kept out where a person was erased.

Belongs here: landed files and where they come from. Does not: reading them (`assets/reading`), or Dagster.
"""
