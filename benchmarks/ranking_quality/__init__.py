"""How well the ranking finds the accounts that are truly best, in invented worlds whose truth is known."""
