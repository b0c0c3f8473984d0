"""`smallvoices erase`: erases a person from everything under the home, and suppresses them in later pulls.

Belongs here: matching records to a person, emptying records in files of every format, other copies of a person's data,
and verification by search. Does not: asking, printing and exit codes (`pipelines/cli`).
"""
