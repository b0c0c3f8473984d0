"""The user's configuration: the keys of sources.yaml, and one clear error per mistake."""
