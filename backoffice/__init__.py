"""The operator's console; it shows and asks, it never decides and never sends an order."""
