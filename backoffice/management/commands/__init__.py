"""One command a file; each parses, calls one use case, and prints."""
