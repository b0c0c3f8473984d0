"""The application: jobs, runs, the command line and the doctor.

Belongs here: definitions, jobs, runs, the command line, the doctor, and erasing a person. Does not: how bytes become
tables (`assets`), or the published contract (`schemas`).
"""

import os

# Polars' allocator returns memory to the system within a second by default, and each batch then pays to get it again.
# The allocator reads this when it is loaded, so set it before anything here imports it.
os.environ.setdefault("_RJEM_MALLOC_CONF", "dirty_decay_ms:30000,muzzy_decay_ms:30000")
