"""Schema of the trading rows, from nothing onwards."""
