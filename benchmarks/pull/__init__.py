"""Speed and memory of pulling an export over HTTP, compared with curl."""
