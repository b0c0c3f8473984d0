"""How bytes become tables: landing, reading, inference, import, metrics."""
