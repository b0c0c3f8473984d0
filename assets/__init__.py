"""How bytes become tables: the Dagster assets at the top, and the logic, which knows no Dagster, in the folders.

Belongs here: landing, reading, importing, computing, publishing and erasing. Does not: what starts when (`pipelines`),
or what a column means (`schemas`).
"""
