"""The application: what starts, when, and what people see of it.

Belongs here: definitions, jobs, runs, the command line, the doctor, and erasing a person. Does not: how bytes become
tables (`assets`), or what is promised (`schemas`).
"""

import os

# Polars' allocator gives memory back to the system within a second by default, and each batch then pays the system to
# get it again. It reads this when it is loaded, so before anything here imports it.
os.environ.setdefault("_RJEM_MALLOC_CONF", "dirty_decay_ms:30000,muzzy_decay_ms:30000")
