"""Commands of the trading room; nothing but these packages."""
