"""Pages in a real browser, and the daemon behind them."""
