"""Malformed bytes, on their way from the landing folder to the accounts of an import."""
