"""`smallvoices erase`: a person is erased from everything under the home, and kept out of what comes later.

Belongs here: whose a record is, emptying records in files of every format, what else holds a person's data, and proof
by searching. Does not: asking, printing and exit codes (`pipelines/cli`).
"""
