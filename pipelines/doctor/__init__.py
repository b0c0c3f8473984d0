"""What `smallvoices doctor` looks at, a module for each place: the home, what is published, Dagster, what is installed.

Belongs here: looking, and saying what to do. Does not: mending anything; the doctor changes no file.
"""
