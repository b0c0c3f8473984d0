"""Tables computed from tables by SQL, and the explanation of one account's figures.

Belongs here: running the files of `assets/sql` and showing what they computed. Does not: formulas, or Dagster.
"""
