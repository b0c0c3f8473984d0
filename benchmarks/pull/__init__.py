"""How fast an export is pulled over HTTP, and with how much memory, beside curl."""
