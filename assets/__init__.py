"""Assets: the Dagster assets at the top, and the logic, free of Dagster, in the folders.

Belongs here: landing, reading, importing, computing, publishing and erasing. Does not: schedules and runs
(`pipelines`), or the meaning of a column (`schemas`).
"""
