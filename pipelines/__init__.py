"""When things run, and where bytes come from and go. No metric logic."""

import os

# Polars' allocator gives memory back to the system within a second by default, and each batch then pays the system to
# get it again. It reads this when it is loaded, so before anything here imports it.
os.environ.setdefault("_RJEM_MALLOC_CONF", "dirty_decay_ms:30000,muzzy_decay_ms:30000")
