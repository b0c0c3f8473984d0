"""Tables computed from tables by SQL, and the explanation of one account's figures.

Belongs here: running the files of `assets/sql` and presenting their results. Does not: formulas, or Dagster.
"""
