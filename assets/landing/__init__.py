"""Landing: bytes as sources sent them, pulled, stored with a manifest, and filtered for erased people.

Belongs here: landed files and their origin. Does not: reading them (`assets/reading`), or Dagster.
"""
