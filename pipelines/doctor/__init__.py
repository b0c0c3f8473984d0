"""The checks of `smallvoices doctor`, one module per place: the home, published data, Dagster, installed software.

Belongs here: checks and their remedies. Does not: repairs; the doctor changes no file.
"""
