"""Kite as the broker: orders out through the official client, and its words read back."""
