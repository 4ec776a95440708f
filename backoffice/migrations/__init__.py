"""Changes of the console's tables, oldest first."""
