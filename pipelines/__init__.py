"""When things run, and where bytes come from and go. No metric logic."""
