"""Commands, runs and servers as they are: processes, networks, databases."""
