"""Alerts on their way to people: which channel gets which, and what became of each."""
